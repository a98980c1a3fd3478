import type { ChainableCommander, Redis } from "ioredis";
import type { HistoryFact } from "./history-fact.js";
import { changesOf, type FieldChange } from "./notification-fields.js";
import { notificationOf, type Notification } from "./notification.js";
import { placesFrom, type HistoryLimits, type SendHistory } from "./send-history.js";

export interface RedisSendHistoryOptions extends HistoryLimits {
  /** A single server's. Better not the store's: a long export would stand before its requests. */
  readonly client: Redis;
  /** Begins every key; one per service. */
  readonly prefix: string;
}

const SCAN_COUNT = 500;

/**
 * A history that replicas share and that outlives them. Keys, all with a time to live:
 *
 * - `<prefix>:notification:<key digest>`, a hash of {@link changesOf}'s fields
 * - `<prefix>:trainee:<id>`, a sorted set of key digests by when they were first seen
 */
export function redisSendHistory(options: RedisSendHistoryOptions): SendHistory {
  const { client, prefix, retentionMs, maxPerTrainee } = options;
  const notificationKey = (key: string) => `${prefix}:notification:${key}`;
  const traineeKey = (traineeId: string) => `${prefix}:trainee:${traineeId}`;

  async function write(facts: readonly HistoryFact[]): Promise<void> {
    const writing = client.multi();
    for (const fact of facts) {
      for (const change of changesOf(fact)) apply(writing, notificationKey(fact.key), change);
      if (fact.type !== "seen") continue;
      writing.zadd(traineeKey(fact.cause.traineeId), "NX", fact.at, fact.key);
    }
    const touched = new Set([
      ...facts.map(({ key }) => notificationKey(key)),
      ...traineesOf(facts).map(traineeKey),
    ]);
    for (const key of touched) writing.pexpire(key, retentionMs);
    await run(writing);
  }

  /** Takes the oldest of a list that grew too long, with what they led to. */
  async function makeRoom(trainees: readonly string[]): Promise<void> {
    const reading = client.pipeline();
    for (const id of trainees) reading.zrange(traineeKey(id), 0, -(maxPerTrainee + 1));
    const surplus = (await run(reading)) as readonly (readonly string[])[];
    const removing = client.pipeline();
    for (const [index, keys] of surplus.entries()) {
      if (keys.length === 0) continue;
      removing.unlink(keys.map(notificationKey));
      removing.zrem(traineeKey(trainees[index] ?? ""), ...keys);
    }
    if (removing.length > 0) await run(removing);
  }

  async function read(keys: readonly string[]): Promise<readonly Notification[]> {
    const reading = client.pipeline();
    for (const key of keys) reading.hgetall(notificationKey(key));
    const found = (await run(reading)) as readonly Record<string, string>[];
    // What has expired, or was evicted, is an empty hash.
    return keys.flatMap((key, index) => notificationOf(key, found[index] ?? {}) ?? []);
  }

  return {
    async add(facts) {
      if (facts.length === 0) return;
      await write(facts);
      const trainees = traineesOf(facts);
      if (trainees.length > 0) await makeRoom(trainees);
    },

    async page(traineeId, request) {
      const flat = await client.zrange(traineeKey(traineeId), 0, -1, "WITHSCORES");
      const listed = Array.from({ length: flat.length / 2 }, (_, index) => ({
        key: flat[2 * index] ?? "",
        at: Number(flat[2 * index + 1]),
      }));
      const { places, ...more } = placesFrom(listed, request);
      return { notifications: await read(places.map(({ key }) => key)), ...more };
    },

    async *notifications() {
      const match = `${globEscaped(notificationKey(""))}*`;
      let cursor = "0";
      do {
        const [next, found] = await client.scan(cursor, "MATCH", match, "COUNT", SCAN_COUNT);
        cursor = next;
        yield* await read(found.map((name) => name.slice(notificationKey("").length)));
      } while (cursor !== "0");
    },
  };
}

function apply(writing: ChainableCommander, key: string, { name, how, value }: FieldChange): void {
  if (how === "count") writing.hincrby(key, name, Number(value));
  else if (how === "last") writing.hset(key, name, value);
  else writing.hsetnx(key, name, value);
}

function traineesOf(facts: readonly HistoryFact[]): readonly string[] {
  const ids = facts.flatMap((fact) => (fact.type === "seen" ? [fact.cause.traineeId] : []));
  return [...new Set(ids)];
}

/** @throws the first error among the replies */
async function run(commands: ChainableCommander): Promise<readonly unknown[]> {
  const replies = (await commands.exec()) ?? [];
  return replies.map(([error, reply]) => {
    if (error) throw error;
    return reply;
  });
}

function globEscaped(text: string): string {
  return text.replace(/[\\*?[\]^]/g, "\\$&");
}
