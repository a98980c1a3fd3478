import { z } from "zod";

const queue = z.object({ url: z.url(), deadLetterUrl: z.url() });

/** What a stack process is told as it starts. */
export const stackSettings = z.object({
  users: z.number().int(),
  poolSeed: z.number().int(),
  /** Milliseconds until the local Cognito answers with a page. */
  pageLatencyMs: z.number(),
});

export type StackSettings = z.infer<typeof stackSettings>;

/** What a stack process says of itself once it can be used. */
export const stackFacts = z.object({
  /** Environment variables that lead a service to this stack. */
  env: z.record(z.string(), z.string()),
  sqs: z.url(),
  ses: z.url(),
  cognito: z.url(),
  queues: z.object({ "form-updated": queue, "credential-revoked": queue }),
});

export type StackFacts = z.infer<typeof stackFacts>;
