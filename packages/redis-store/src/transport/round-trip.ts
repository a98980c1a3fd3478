import { StoreUnavailableError } from "@exactly-once/core";
import { callsOf, type Call, type Command } from "./calls.js";
import { isCluster, type RedisClient } from "./client.js";
import type { Script } from "../scripts.js";

export type Answer = { readonly reply: unknown } | { readonly error: unknown };

export interface ReplicaWait {
  readonly replicas: number;
  readonly timeoutMs: number;
}

/** One each, in order. Never rejects. */
export type RoundTrip = (commands: readonly Command[]) => Promise<readonly Answer[]>;

/**
 * Sends commands to one node as one pipeline and answers each in its place.
 *
 * Scripts that the node has lost (restart, failover, `SCRIPT FLUSH`) are loaded and their calls
 * alone repeated, in a second round trip. Commands that belong to another node by now are repeated
 * one by one through the cluster client, which follows redirections. All scripts are safe to repeat.
 */
export function createRoundTrips(client: RedisClient, wait: ReplicaWait | undefined): RoundTrip {
  let bySlot = isCluster(client);

  return async function roundTrip(commands: readonly Command[]): Promise<readonly Answer[]> {
    const wasBySlot = bySlot;
    const calls = callsOf(commands, wasBySlot);
    const answers: Answer[] = new Array<Answer>(commands.length);
    const missing = answerWhere(answers, calls, await sendTogether(client, calls, [], wait));
    if (missing.length > 0) {
      const scripts = [...new Set(missing.map(({ script }) => script))];
      answerWhere(answers, missing, await sendTogether(client, missing, scripts, wait));
    }
    const crossing = commands.filter((_, i) => failedWith(answers[i], /CROSSSLOT/));
    if (!wasBySlot && crossing.length > 0) {
      // A cluster's only shard, through a client that isn't a cluster's: known from now on.
      bySlot = true;
      const repeated = await roundTrip(crossing);
      let next = 0;
      return answers.map((answer) =>
        failedWith(answer, /CROSSSLOT/) ? (repeated[next++] ?? answer) : answer,
      );
    }
    if (!isCluster(client)) return answers;
    return Promise.all(
      answers.map(async (answer, i) => {
        const command = commands[i];
        if (!command || !failedWith(answer, REDIRECTED)) return answer;
        return sendAlone(client, command, wait);
      }),
    );
  };
}

const REDIRECTED = /^(MOVED|ASK|TRYAGAIN|CLUSTERDOWN|All keys in the pipeline)/;

/** Gives each command its own part of its call's answer. Returns the calls whose script is missing. */
function answerWhere(
  answers: Answer[],
  calls: readonly Call[],
  answered: readonly Answer[],
): readonly Call[] {
  return calls.filter((call, i) => {
    const answer = answered[i] ?? { error: new Error("no reply") };
    call.places.forEach((place, item) => {
      answers[place] = call.script.takesMany ? itemOf(answer, item) : answer;
    });
    return failedWith(answer, /NOSCRIPT/);
  });
}

function itemOf(answer: Answer, item: number): Answer {
  if ("error" in answer) return answer;
  const reply: unknown = Array.isArray(answer.reply) ? answer.reply[item] : undefined;
  return reply instanceof Error || reply === undefined ? { error: reply } : { reply };
}

async function sendTogether(
  client: RedisClient,
  calls: readonly Call[],
  load: readonly Script[],
  wait: ReplicaWait | undefined,
): Promise<readonly Answer[]> {
  const pipeline = client.pipeline();
  for (const { text } of load) pipeline.script("LOAD", text);
  for (const { script, keys, args } of calls) {
    pipeline.evalsha(script.sha, keys.length, ...keys, ...args);
  }
  const waiting = wait && calls.some(({ replicated }) => replicated);
  if (waiting) pipeline.wait(wait.replicas, wait.timeoutMs);
  try {
    const results = (await pipeline.exec()) ?? [];
    const answers = results.map(([error, reply]): Answer => (error ? { error } : { reply }));
    const own = answers.slice(load.length, load.length + calls.length);
    if (!waiting) return own;
    const tooFew = replicationFault(answers.at(-1), wait);
    // What wasn't done at all, for lack of the script, needn't be on replicas.
    return own.map((answer, i) =>
      tooFew && calls[i]?.replicated && !("error" in answer) ? { error: tooFew } : answer,
    );
  } catch (error) {
    return calls.map(() => ({ error }));
  }
}

/** Redirections, and the delays they need, are the cluster client's business. */
async function sendAlone(
  client: RedisClient,
  command: Command,
  wait: ReplicaWait | undefined,
): Promise<Answer> {
  const [call] = callsOf([command], true);
  if (!call) return { error: new Error("no call") };
  const { script, keys, args, replicated } = call;
  try {
    const reply: unknown = await client.eval(script.text, keys.length, ...keys, ...args);
    if (!wait || !replicated) return script.takesMany ? itemOf({ reply }, 0) : { reply };
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
