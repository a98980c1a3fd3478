import { redisStore, type RedisStore } from "@exactly-once/redis-store";
import { startRedisServer } from "@exactly-once/redis-store/testing";
import { notificationKey } from "@exactly-once/core";
import { repliesOf, type AttemptRef, formatAttemptId } from "@exactly-once/core/ports";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { runCli } from "./program.js";

export interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The result; throws where stdout isn't JSON. */
  readonly json: unknown;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** What the tool takes for now. */
  readonly now?: () => number;
}

export interface Workplace {
  readonly folder: string;
  /** Runs the tool in this process, as from `folder`, without this process's environment. */
  run(args: readonly string[], options?: RunOptions): Promise<Run>;
  write(name: string, content: string | Uint8Array): Promise<string>;
  close(): Promise<void>;
}

/** What the SDK, which knows no other, reads from the environment of the process. */
const AWS = {
  AWS_REGION: "eu-west-2",
  AWS_ACCESS_KEY_ID: "test",
  AWS_SECRET_ACCESS_KEY: "test",
};

export async function createWorkplace(
  env: Readonly<Record<string, string>> = {},
): Promise<Workplace> {
  const folder = await mkdtemp(join(tmpdir(), "exactly-once-cli-"));
  const before = { ...process.env };
  for (const name of Object.keys(before)) if (name.startsWith("AWS_")) delete process.env[name];
  Object.assign(process.env, AWS, env);
  return {
    folder,
    run: async (args, options = {}) => {
      const stdin = Readable.from([options.stdin ?? ""]);
      const [stdout, stderr] = [new PassThrough(), new PassThrough()];
      const told = Promise.all([text(stdout), text(stderr)]);
      const code = await runCli(args, {
        ...{ stdin, stdout, stderr, cwd: folder, now: options.now ?? Date.now },
        env: { ...AWS, ...env, ...options.env },
      });
      stdout.end();
      stderr.end();
      return runOf(code, ...(await told));
    },
    write: async (name, content) => {
      await writeFile(join(folder, name), content);
      return name;
    },
    close: async () => {
      process.env = before;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Runs the program as a process of its own, from where it is, with nothing but `env`. */
export async function runProgram(
  main: string,
  args: readonly string[],
  { env = {}, stdin = "" }: RunOptions = {},
): Promise<Run> {
  const child = spawn(process.execPath, [main, ...args], {
    env: { PATH: process.env["PATH"] ?? "", ...AWS, ...env },
    stdio: "pipe",
  });
  child.stdin.end(stdin);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "exit") as Promise<[number]>,
  ]);
  return runOf(code, stdout, stderr);
}

function runOf(code: number, stdout: string, stderr: string): Run {
  return {
    ...{ code, stdout, stderr },
    get json(): unknown {
      return JSON.parse(stdout) as unknown;
    },
  };
}

export interface LocalStore {
  readonly url: string;
  readonly store: RedisStore;
  stop(): Promise<void>;
}

/** @param settings as in `redis.conf` */
export async function startStore(
  settings: Readonly<Record<string, string>> = {},
): Promise<LocalStore> {
  const server = await startRedisServer({ settings });
  const store = redisStore({ client: server.connect() });
  return { url: server.url, store, stop: () => server.stop() };
}

export interface Situation {
  readonly namespace?: string;
  readonly pipeline?: string;
  readonly messageId?: string;
  /** Milliseconds after its begin from which on "not sent" can be said. Default 0. */
  readonly staleAfterMs?: number;
}

let owners = 0;

/** A key whose message is claimed, with one attempt at `email` begun. */
export async function beginEffect(store: RedisStore, trainee: string, situation: Situation = {}) {
  const {
    namespace = "service",
    pipeline = "form-updated",
    messageId = `m-${trainee}`,
  } = situation;
  const key = notificationKey(namespace, pipeline, [trainee]);
  const owner = `owner${(owners += 1)}`;
  const [claim] = repliesOf(
    await store.claim([
      {
        ...{ key: key.digest, keyText: key.text, pipeline, owner, messageId },
        ...{ leaseMs: 60_000, fingerprint: `v1:${trainee}` },
      },
    ]),
  );
  if (claim?.status !== "claimed") throw new Error(`not claimed: ${JSON.stringify(claim)}`);
  const ref: AttemptRef = {
    key: key.digest,
    effect: "email",
    owner,
    fence: claim.fence,
    attemptNumber: 1,
  };
  const validityMs = situation.staleAfterMs ?? 0;
  await store.begin({ ...ref, timeoutMs: 1, validityMs, fingerprint: `v1:${trainee}` });
  return { key, ref, attemptId: formatAttemptId(ref), pipeline, messageId };
}

/** One whose outcome nobody knows: its process died after it began to send. */
export async function unknownEffect(store: RedisStore, trainee: string, situation?: Situation) {
  const begun = await beginEffect(store, trainee, situation);
  await store.release([begun.ref]);
  return begun;
}

/** One that the tripwire blocked before it was begun. */
export async function blockedEffect(store: RedisStore, trainee: string) {
  const key = notificationKey("service", "form-updated", [trainee]);
  const owner = `owner${(owners += 1)}`;
  const fingerprint = `v1:${trainee}`;
  await store.claim([
    {
      ...{ key: key.digest, keyText: key.text, pipeline: "form-updated", owner, fingerprint },
      ...{ messageId: `m-${trainee}`, leaseMs: 60_000 },
    },
  ]);
  const ref: AttemptRef = { key: key.digest, effect: "email", owner, fence: 1, attemptNumber: 1 };
  await store.block({ ...ref, reason: "sameContent", fingerprint });
  await store.release([ref]);
  return { key, ref, attemptId: formatAttemptId(ref) };
}
