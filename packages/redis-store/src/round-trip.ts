import { StoreUnavailableError } from "@exactly-once/core";
import { isCluster, type RedisClient } from "./client.js";
import type { Script } from "./scripts.js";

export interface Command {
  readonly script: Script;
  readonly keys: readonly string[];
  readonly args: readonly (string | number)[];
  /** Not to be answered before enough replicas have it. */
  readonly replicated?: boolean;
}

export type Answer = { readonly reply: unknown } | { readonly error: unknown };

export interface ReplicaWait {
  readonly replicas: number;
  readonly timeoutMs: number;
}

/**
 * Sends commands to one node as one pipeline and answers each in its place. Never rejects.
 *
 * Scripts that the node has lost (restart, failover, `SCRIPT FLUSH`) are loaded and their commands
 * alone repeated, in a second round trip. Commands that belong to another node by now are repeated
 * one by one through the cluster client, which follows redirections. All scripts are safe to repeat.
 */
export async function roundTrip(
  client: RedisClient,
  commands: readonly Command[],
  wait: ReplicaWait | undefined,
): Promise<Answer[]> {
  let answers = await sendTogether(client, commands, [], wait);
  const missing = commands.filter((_, i) => failedWith(answers[i], /NOSCRIPT/));
  if (missing.length > 0) {
    const scripts = [...new Set(missing.map(({ script }) => script))];
    const repeated = await sendTogether(client, missing, scripts, wait);
    answers = replaceWhere(answers, /NOSCRIPT/, repeated);
  }
  if (!isCluster(client)) return answers;
  return Promise.all(
    answers.map(async (answer, i) => {
      const command = commands[i];
      return command && failedWith(answer, REDIRECTED) ? sendAlone(client, command, wait) : answer;
    }),
  );
}

const REDIRECTED = /^(MOVED|ASK|TRYAGAIN|CLUSTERDOWN|All keys in the pipeline)/;

async function sendTogether(
  client: RedisClient,
  commands: readonly Command[],
  load: readonly Script[],
  wait: ReplicaWait | undefined,
): Promise<Answer[]> {
  const pipeline = client.pipeline();
  for (const { text } of load) pipeline.script("LOAD", text);
  for (const { script, keys, args } of commands) {
    pipeline.evalsha(script.sha, keys.length, ...keys, ...args);
  }
  const waiting = wait && commands.some(({ replicated }) => replicated === true);
  if (waiting) pipeline.wait(wait.replicas, wait.timeoutMs);
  try {
    const results = (await pipeline.exec()) ?? [];
    const answers = results.map(([error, reply]): Answer => (error ? { error } : { reply }));
    const own = answers.slice(load.length, load.length + commands.length);
    if (!waiting) return own;
    const tooFew = replicationFault(answers.at(-1), wait);
    return own.map((answer, i) => (tooFew && commands[i]?.replicated ? { error: tooFew } : answer));
  } catch (error) {
    return commands.map(() => ({ error }));
  }
}

/** Redirections, and the delays they need, are the cluster client's business. */
async function sendAlone(
  client: RedisClient,
  { script, keys, args, replicated }: Command,
  wait: ReplicaWait | undefined,
): Promise<Answer> {
  try {
    const reply: unknown = await client.eval(script.text, keys.length, ...keys, ...args);
    if (!wait || replicated !== true) return { reply };
    // The connection that was redirected to can't be waited on: answer as if replicas were missing.
    return { error: replicationError(0, wait) };
  } catch (error) {
    return { error };
  }
}

function replicationFault(answer: Answer | undefined, wait: ReplicaWait): unknown {
  if (answer === undefined) return replicationError(0, wait);
  if ("error" in answer) return answer.error;
  const confirmed = Number(answer.reply);
  return confirmed >= wait.replicas ? undefined : replicationError(confirmed, wait);
}

function replicationError(confirmed: number, wait: ReplicaWait): StoreUnavailableError {
  return new StoreUnavailableError(
    `${confirmed} of ${wait.replicas} Redis replicas confirmed a begin within ${wait.timeoutMs} ms: ` +
      "bring replicas back, or lower waitReplicas.",
  );
}

function failedWith(answer: Answer | undefined, pattern: RegExp): boolean {
  return (
    answer !== undefined &&
    "error" in answer &&
    answer.error instanceof Error &&
    pattern.test(answer.error.message)
  );
}

function replaceWhere(
  answers: readonly Answer[],
  pattern: RegExp,
  replacements: readonly Answer[],
): Answer[] {
  const left = [...replacements];
  return answers.map((answer) => (failedWith(answer, pattern) ? (left.shift() ?? answer) : answer));
}
