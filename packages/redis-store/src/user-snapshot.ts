import type { RebuildLease, SharedSnapshot, SnapshotManifest } from "@exactly-once/core/user-cache";
import { optionsOf } from "@exactly-once/core/ports";
import { leaveFormerPrimary, type RedisClient } from "./transport/client.js";
import abandonScript from "./scripts/snapshot-abandon.lua";
import acquireScript from "./scripts/snapshot-acquire.lua";
import extendScript from "./scripts/snapshot-extend.lua";
import publishScript from "./scripts/snapshot-publish.lua";
import writeScript from "./scripts/snapshot-write.lua";

/** Which Redis, and under which names. */
export interface RedisUserSnapshotOptions {
  /** May be the store's own: no request is larger than 256 KiB and no reply than 1 MiB. */
  readonly client: RedisClient;
  /**
   * Begins every key, and is their hash tag: one cluster slot holds the whole snapshot, about 200
   * bytes a user and twice that while it is rebuilt. One per pool. Default `exactly-once:users`.
   */
  readonly prefix?: string | undefined;
  /** How long a replaced generation stays readable, ms. Default one minute. */
  readonly graceMs?: number | undefined;
}

interface SnapshotCommands {
  snapshotAcquire(
    lease: string,
    counter: string,
    building: string,
    owner: string,
    leaseMs: number,
  ): Promise<[0 | 1, number]>;
  snapshotExtend(lease: string, owner: string, fence: number, leaseMs: number): Promise<0 | 1>;
  snapshotWrite(
    lease: string,
    building: string,
    owner: string,
    fence: number,
    chunk: number,
    bytes: Buffer,
    ttlMs: number,
  ): Promise<0 | 1>;
  snapshotPublish(
    lease: string,
    building: string,
    generation: string,
    head: string,
    former: string,
    owner: string,
    fence: number,
    manifest: string,
    chunks: number,
    ttlMs: number,
    graceMs: number,
  ): Promise<0 | 1>;
  snapshotAbandon(lease: string, building: string, owner: string, fence: number): Promise<1>;
}

/**
 * A user cache's snapshot in Redis, for all replicas of a service. Keys, all with a time to live but
 * the counter:
 *
 * - `{prefix}:lease`, a hash `owner`, `fence`: who rebuilds
 * - `{prefix}:fence`: the counter of leases granted
 * - `{prefix}:building`, a hash of chunks: what nobody reads yet
 * - `{prefix}:generation:<fence>-<owner>`, a hash of chunks: what `building` is renamed to
 * - `{prefix}:head`, JSON: which generation is the published one, and what is in it
 *
 * The snapshot holds personal data: give the Redis the same protection as the pool.
 */
export function redisUserSnapshot(options: RedisUserSnapshotOptions): SharedSnapshot {
  const check = optionsOf("redisUserSnapshot");
  const { prefix = "exactly-once:users" } = options;
  const client = check.methods("client", options.client, ["defineCommand"], "a client of ioredis");
  const graceMs = check.ms("graceMs", options.graceMs ?? 60_000);
  const place: Place = { client, commands: withCommands(client), keys: keysOf(prefix), graceMs };
  return { ...rebuilds(place), ...generations(place) };
}

/** Where a snapshot is, and how to get there. */
interface Place {
  readonly client: RedisClient;
  readonly commands: SnapshotCommands;
  readonly keys: ReturnType<typeof keysOf>;
  readonly graceMs: number;
}

function keysOf(prefix: string) {
  const tag = `{${prefix}}`;
  return {
    lease: `${tag}:lease`,
    fence: `${tag}:fence`,
    building: `${tag}:building`,
    head: `${tag}:head`,
    generation: (name: string) => `${tag}:generation:${name}`,
  };
}

/** A client of its own would stay with a former primary otherwise. */
async function answered<Reply>({ client }: Place, asked: Promise<Reply>): Promise<Reply> {
  try {
    return await asked;
  } catch (error) {
    leaveFormerPrimary(client, error);
    throw error;
  }
}

/** Who rebuilds, and what is being built. */
function rebuilds(place: Place): Pick<SharedSnapshot, "acquire" | "extend" | "write" | "abandon"> {
  const { commands } = place;
  const { lease, fence, building } = place.keys;
  return {
    async acquire({ owner, leaseMs }) {
      const [granted, value] = await answered(
        place,
        commands.snapshotAcquire(lease, fence, building, owner, leaseMs),
      );
      if (granted === 1) return { status: "granted", lease: { owner, fence: value } };
      return { status: "busy", retryAfterMs: Math.max(0, value) };
    },

    async extend(held, leaseMs) {
      const extending = commands.snapshotExtend(lease, held.owner, held.fence, leaseMs);
      return (await answered(place, extending)) === 1 ? "held" : "lost";
    },

    async write(held, chunk, bytes, ttlMs) {
      const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const written = await answered(
        place,
        commands.snapshotWrite(lease, building, held.owner, held.fence, chunk, view, ttlMs),
      );
      return written === 1 ? "written" : "lost";
    },

    async abandon(held) {
      await answered(place, commands.snapshotAbandon(lease, building, held.owner, held.fence));
    },
  };
}

/** What has been built. */
function generations(place: Place): Pick<SharedSnapshot, "head" | "read" | "publish"> {
  const { client, commands, keys, graceMs } = place;

  async function head(): Promise<SnapshotManifest | undefined> {
    const text = await client.get(keys.head);
    return text === null ? undefined : (JSON.parse(text) as SnapshotManifest);
  }

  return {
    head,

    async read(generation, first, count) {
      const fields = Array.from({ length: count }, (_, index) => String(first + index));
      const chunks = await client.hmgetBuffer(keys.generation(generation), ...fields);
      return chunks.every((chunk) => chunk !== null) ? chunks : undefined;
    },

    async publish(lease, content, ttlMs) {
      const { owner, fence } = lease;
      const name = nameOf(lease);
      const generation = keys.generation(name);
      const manifest: SnapshotManifest = { ...content, generation: name };
      // Only the holder of the lease changes the head, so it is still this one when it is replaced.
      const former = await head();
      const published = await answered(
        place,
        commands.snapshotPublish(
          keys.lease,
          keys.building,
          generation,
          keys.head,
          former === undefined ? generation : keys.generation(former.generation),
          owner,
          fence,
          JSON.stringify(manifest),
          content.chunks,
          ttlMs,
          graceMs,
        ),
      );
      return published === 1 ? "published" : "lost";
    },
  };
}

function nameOf({ fence, owner }: RebuildLease): string {
  return `${fence}-${owner}`;
}

function withCommands(client: RedisClient): SnapshotCommands {
  const define = (name: keyof SnapshotCommands, numberOfKeys: number, lua: string): void =>
    client.defineCommand(name, { numberOfKeys, lua });
  define("snapshotAcquire", 3, acquireScript);
  define("snapshotExtend", 1, extendScript);
  define("snapshotWrite", 2, writeScript);
  define("snapshotPublish", 5, publishScript);
  define("snapshotAbandon", 2, abandonScript);
  return client as unknown as SnapshotCommands;
}
