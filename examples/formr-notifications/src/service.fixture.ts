import { setTimeout as sleep } from "node:timers/promises";
import { Writable } from "node:stream";
import type { SentEmail } from "@exactly-once/ses-adapter/testing";
import { readConfig } from "./config.js";
import type { LocalDeadLetter, LocalQueue } from "./local/queues.js";
import { startLocalStack, type LocalStack, type LocalStackOptions } from "./local/stack.js";
import { createLogger } from "./logging/logger.js";
import { startService, type Service } from "./service.js";

export interface RunningService {
  readonly stack: LocalStack;
  readonly service: Service;
  /** Everything logged so far, from trace level on. */
  log(): string;
  close(): Promise<void>;
}

/** The service in this process, on a stack of its own. */
export async function runService(
  options: LocalStackOptions & { readonly env?: Readonly<Record<string, string>> } = {},
): Promise<RunningService> {
  const stack = await startLocalStack(options);
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  // The SDK reads credentials from the environment, as it does in production.
  Object.assign(process.env, stack.env);
  const config = readConfig({ ...stack.env, LOG_LEVEL: "trace", ...options.env });
  const service = await startService(config, createLogger(config.logLevel, destination)).started;
  return {
    stack,
    service,
    log: () => lines.join(""),
    async close() {
      await service.stop();
      await stack.close();
    },
  };
}

/** Whatever takes so long will never come. */
export const HANGS_MS = 240_000;

/** Waits for the dead letter that a message became. */
export async function deadLetterOf(
  stack: LocalStack,
  queue: LocalQueue,
  body: string,
): Promise<LocalDeadLetter> {
  for (;;) {
    const letters = await stack.queues.takeDeadLetters(queue);
    const letter = letters.find((each) => each.body === body);
    if (letter) return letter;
    await sleep(50);
  }
}

/** Waits for emails to an address, and gives all there are. */
export function mailTo(
  stack: LocalStack,
  address: string,
  count = 1,
): Promise<readonly SentEmail[]> {
  const isTo = (email: SentEmail) => email.destinations.includes(address);
  return stack.ses
    .waitForSent(() => stack.ses.sent().filter(isTo).length >= count, { timeoutMs: HANGS_MS })
    .then(() => stack.ses.sent().filter(isTo));
}
