import { DEFAULT_KEY_PREFIX } from "@exactly-once/redis-store";
import { DEFAULT_RETENTION_MS } from "@exactly-once/core/ports";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { z } from "zod";
import { UsageError } from "./errors/usage-error.js";

const milliseconds = z.number().int().positive();
const httpUrl = z.url({ protocol: /^https?$/, error: "must be an http or https URL" });

const queueSettings = z.strictObject({
  url: httpUrl,
  /** Default: the one its redrive policy names. */
  deadLetterUrl: httpUrl.optional(),
  /** The largest of its pipelines. */
  maxProcessingMs: milliseconds.default(600_000),
  holdForMs: milliseconds.optional(),
  /** The consumer's `maxTries`, where it is set. */
  maxTries: z.number().int().positive().optional(),
  /** Who reads it. */
  consumer: z.enum(["exactly-once", "lambda", "other"]).default("exactly-once"),
  /** A Cognito user pool that a handler walks before it can send. */
  walksUserPool: z.string().min(1).optional(),
  /** What a page of 60 users takes of such a walk. */
  walkMsPerPage: milliseconds.default(100),
});

const settingsSchema = z.strictObject({
  namespace: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,100}$/, "must be 1 to 100 of [A-Za-z0-9_-]")
    .optional(),
  redis: z
    .strictObject({
      url: z
        .url({ protocol: /^rediss?$/, error: "must begin with redis:// or rediss://" })
        .optional(),
      keyPrefix: z.string().default(DEFAULT_KEY_PREFIX),
      cluster: z.boolean().default(false),
    })
    .prefault({}),
  aws: z
    .strictObject({ region: z.string().min(1).optional(), endpoint: httpUrl.optional() })
    .prefault({}),
  ses: z
    .strictObject({
      /** Default: that of `aws`. */
      endpoint: httpUrl.optional(),
      from: z.string().min(3).optional(),
      configurationSet: z.string().min(1).optional(),
      /** The queue that its events come to: a name among `queues`, or a URL. */
      eventsQueue: z.string().min(1).optional(),
    })
    .prefault({}),
  queues: z.record(z.string().min(1), queueSettings).default({}),
  doneRetentionMs: milliseconds.default(DEFAULT_RETENTION_MS),
  digestSecret: z.string().min(8, "must have at least 8 characters").optional(),
});

export type Settings = z.output<typeof settingsSchema>;
export type QueueSettings = z.output<typeof queueSettings>;

export interface SettingsSource {
  /** The file named with `--config` or `EXACTLY_ONCE_CONFIG`. */
  readonly configFile?: string | undefined;
  /** By path, such as `redis.url`, with the flag that set it. */
  readonly flags: Readonly<Record<string, { readonly flag: string; readonly value?: string }>>;
  readonly env: Readonly<Partial<Record<string, string>>>;
  readonly cwd: string;
}

/** The file that is read when none is named, if it exists. */
export const DEFAULT_CONFIG_FILE = "exactly-once.json";

const fromEnvironment: Readonly<Record<string, readonly string[]>> = {
  namespace: ["EXACTLY_ONCE_NAMESPACE"],
  "redis.url": ["REDIS_URL"],
  "redis.keyPrefix": ["EXACTLY_ONCE_KEY_PREFIX"],
  "aws.region": ["AWS_REGION", "AWS_DEFAULT_REGION"],
  "aws.endpoint": ["AWS_ENDPOINT_URL_SQS", "AWS_ENDPOINT_URL"],
  "ses.endpoint": ["AWS_ENDPOINT_URL_SES"],
  digestSecret: ["EXACTLY_ONCE_DIGEST_SECRET"],
};

/**
 * The settings: flags over environment over file.
 *
 * @throws UsageError that names every bad setting and where it came from
 */
export async function readSettings(source: SettingsSource): Promise<Settings> {
  const { name, content } = await readFileOf(source);
  const origins = new Map<string, string>();
  const raw: Record<string, unknown> = structuredClone(content);
  for (const [path, names] of Object.entries(fromEnvironment)) {
    const variable = names.find((candidate) => (source.env[candidate] ?? "") !== "");
    if (variable !== undefined) put(raw, path, source.env[variable], origins, variable);
  }
  for (const [path, { flag, value }] of Object.entries(source.flags)) {
    if (value !== undefined) put(raw, path, value, origins, flag);
  }
  const parsed = settingsSchema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map(({ path, message }) => {
    const at = path.join(".");
    return `  ${at || "(all)"} (from ${origins.get(at) ?? name}): ${message}`;
  });
  throw new UsageError(`The configuration is wrong:\n${lines.join("\n")}`);
}

async function readFileOf({ configFile, env, cwd }: SettingsSource) {
  const named = configFile ?? env["EXACTLY_ONCE_CONFIG"];
  const name = named ?? DEFAULT_CONFIG_FILE;
  let text: string;
  try {
    text = await readFile(resolve(cwd, name), "utf8");
  } catch (cause) {
    if (named === undefined) return { name, content: {} };
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`${name} can't be read: ${reason}`, { cause });
  }
  try {
    const content: unknown = JSON.parse(text);
    if (typeof content === "object" && content !== null && !Array.isArray(content)) {
      return { name, content: content as Record<string, unknown> };
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`${name} isn't JSON: ${reason}`, { cause });
  }
  throw new UsageError(`${name} must hold one JSON object.`);
}

function put(
  raw: Record<string, unknown>,
  path: string,
  value: unknown,
  origins: Map<string, string>,
  origin: string,
): void {
  const [first = "", second] = path.split(".");
  origins.set(path, origin);
  if (second === undefined) {
    raw[first] = value;
    return;
  }
  const parent = raw[first];
  const kept = typeof parent === "object" && parent !== null ? parent : {};
  raw[first] = { ...kept, [second]: value };
}

/** @throws UsageError where the setting is missing; `how` says how to give it */
export function required<T>(value: T | undefined, what: string, how: string): T {
  if (value === undefined) throw new UsageError(`${what} is missing: ${how}.`);
  return value;
}
