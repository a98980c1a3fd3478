import { repliesOf } from "@exactly-once/core/ports";
import { StoreUnavailableError } from "@exactly-once/core";
import calculateSlot from "cluster-key-slot";
import type { Cluster } from "ioredis";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { DEFAULT_KEY_PREFIX, keySpace } from "./keys.js";
import { redisStore, type RedisStore } from "./store.js";
import { startRedisCluster, type RedisCluster } from "./testing/redis-cluster.js";
import { acceptedNow, claimOf, digest, leaseOf, startOf } from "./testing/requests.js";

let cluster: RedisCluster;
let client: Cluster;
let store: RedisStore;

beforeAll(async () => {
  cluster = await startRedisCluster();
  client = cluster.connect();
  store = redisStore({ client });
  await store.ping();
});

afterAll(() => cluster.stop());

/** Which node serves the key's slot, and another. */
async function nodesFor(slot: number) {
  const admins = cluster.nodes.map((node) => node.connect());
  const ids = await Promise.all(admins.map(async (admin) => String(await admin.cluster("MYID"))));
  const serving = Math.floor((slot * admins.length) / 16_384);
  const other = (serving + 1) % admins.length;
  return { admins, ids, serving, other };
}

function at<Item>(items: readonly Item[], index: number): Item {
  const item = items[index];
  if (item === undefined) throw new RangeError(`There is nothing at ${index}.`);
  return item;
}

/** A key in a bucket that no other test uses. */
function keyInBucket(nn: string): { readonly key: string; readonly slot: number } {
  const key = nn + digest(nn).slice(2);
  return { key, slot: calculateSlot(keySpace(DEFAULT_KEY_PREFIX).locate(key)[0]) };
}

describe("a batch on a cluster", () => {
  it("is grouped by node: one pipeline each", async () => {
    const pipelines = vi.spyOn(client, "pipeline");
    const keys = Array.from({ length: 60 }, (_, i) => digest(`batch ${i}`));
    const replies = repliesOf(await store.claim(keys.map((key) => claimOf(key))));
    expect(replies.map(({ status }) => status)).toEqual(keys.map(() => "claimed"));
    // The first round also loads the scripts of each node.
    pipelines.mockClear();
    await store.complete(keys.slice(0, 30).map((key) => leaseOf(key)));
    pipelines.mockClear();
    await store.complete(keys.slice(30).map((key) => leaseOf(key)));
    expect(pipelines).toHaveBeenCalledTimes(cluster.nodes.length);
    pipelines.mockRestore();
  });

  it("shares a node's scripts after they were lost there", async () => {
    await Promise.all(cluster.nodes.map((node) => node.connect().script("FLUSH", "SYNC")));
    const keys = Array.from({ length: 30 }, (_, i) => digest(`flushed ${i}`));
    const replies = repliesOf(await store.claim(keys.map((key) => claimOf(key))));
    expect(replies.map(({ status }) => status)).toEqual(keys.map(() => "claimed"));
  });
});

describe("a cluster's node through a client for one server", () => {
  it("gets one call a slot once it has refused one for many", async () => {
    const plain = redisStore({ client: at(cluster.nodes, 0).connect() });
    const keys = ["00", "01", "02", "03", "04", "05", "06", "07"]
      .map((nn) => nn + digest("plain").slice(2))
      .filter((key) => calculateSlot(keySpace(DEFAULT_KEY_PREFIX).locate(key)[0]) < 16_384 / 3 - 1);
    expect(keys.length).toBeGreaterThan(1);
    const replies = repliesOf(await plain.claim(keys.map((key) => claimOf(key))));
    expect(replies.map(({ status }) => status)).toEqual(keys.map(() => "claimed"));
  });
});

describe("a slot that moves", () => {
  it("is followed to its new node (MOVED)", async () => {
    const { key, slot } = keyInBucket("f0");
    const { admins, ids, other } = await nodesFor(slot);
    for (const admin of admins) {
      await admin.cluster("SETSLOT", slot, "NODE", at(ids, other));
    }
    const neighbours = Array.from({ length: 10 }, (_, i) => digest(`neighbour ${i}`));
    const replies = repliesOf(await store.claim([key, ...neighbours].map((each) => claimOf(each))));
    expect(replies.map(({ status }) => status)).toEqual(replies.map(() => "claimed"));
    expect(await at(admins, other).exists(keySpace(DEFAULT_KEY_PREFIX).locate(key)[0])).toBe(1);
  });

  it("is asked for where it is already (ASK), and is down where it is neither here nor there", async () => {
    const { key, slot } = keyInBucket("f1");
    const { admins, ids, serving, other } = await nodesFor(slot);
    const [from, to] = [at(admins, serving), at(admins, other)];
    const [record, attention] = keySpace(DEFAULT_KEY_PREFIX).locate(key);
    const lease = leaseOf(key);
    await store.claim([claimOf(key)]);
    await store.begin(startOf(lease));
    await to.cluster("SETSLOT", slot, "IMPORTING", at(ids, serving));
    await from.cluster("SETSLOT", slot, "MIGRATING", at(ids, other));
    const { host, port } = at(cluster.nodes, other);
    // What other tests left in the slot has to move, too, or it can't be handed over.
    const all = await from.cluster("GETKEYSINSLOT", slot, 100);
    expect(all).toEqual(expect.arrayContaining([record, attention]));
    await from.migrate(host, port, "", 0, 1_000, "KEYS", ...all);
    const neighbours = Array.from({ length: 10 }, (_, i) => digest(`asked ${i}`));
    const [settled] = await Promise.all([
      store.settle({ ...lease, effect: "email", attemptNumber: 1 }, acceptedNow()),
      store.claim(neighbours.map((each) => claimOf(each))),
    ]);
    expect(settled).toBe("settled");
    // The attention index is empty now, thus missing: Redis can't tell on which side.
    const [neither] = await store.complete([lease]);
    expect(neither).toBeInstanceOf(StoreUnavailableError);
    for (const admin of [to, from, ...admins]) {
      await admin.cluster("SETSLOT", slot, "NODE", at(ids, other));
    }
    expect(await store.complete([lease])).toEqual(["done"]);
  });
});

describe("a cluster that lost a node", () => {
  it("is down, and works again by itself", async () => {
    const node = at(cluster.nodes, 2);
    const survivor = at(cluster.nodes, 0).connect();
    const key = digest("after the loss");
    const client = cluster.connect();
    await redisStore({ client }).ping();
    const impatient = redisStore({ client, commandTimeoutMs: 500 });
    await cluster.noticeLossesAfter(1_000);
    await node.kill();
    await expect.poll(() => clusterInfo(survivor)).toContain("cluster_state:fail");
    for (const bucket of ["00", "55", "aa", "ff"]) {
      const [refused] = await impatient.claim([claimOf(bucket + key.slice(2))]);
      expect(refused).toBeInstanceOf(StoreUnavailableError);
    }
    await node.start();
    await expect.poll(() => clusterInfo(survivor)).toContain("cluster_state:ok");
    for (;;) {
      const replies = await store
        .claim([claimOf(key, "b")])
        .then(repliesOf)
        .catch((error: unknown) => {
          expect(error).toBeInstanceOf(StoreUnavailableError);
          return undefined;
        });
      if (!replies) continue;
      expect(replies).toMatchObject([{ status: "claimed" }]);
      return;
    }
  });
});

async function clusterInfo(admin: { call(...args: [string, string]): Promise<unknown> }) {
  return String(await admin.call("CLUSTER", "INFO"));
}
