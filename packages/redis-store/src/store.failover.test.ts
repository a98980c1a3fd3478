import { repliesOf } from "@exactly-once/core/ports";
import { StoreUnavailableError } from "@exactly-once/core";
import type { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { redisStore } from "./store.js";
import { knownServers, tellServers } from "./testing/known-servers.js";
import { startRedisServer, type RedisServer } from "./testing/redis-server.js";
import { acceptedNow, claimOf, digest, leaseOf, startOf } from "./testing/requests.js";
import { startTcpProxy, type TcpProxy } from "./testing/tcp-proxy.js";

const KEY = digest("the key");
const lease = leaseOf(KEY);
const ref = { ...lease, effect: "email", attemptNumber: 1 };
const PATIENT_MS = 120_000;
const patient = { commandTimeoutMs: 2 * PATIENT_MS, waitReplicas: 1, waitReplicasMs: PATIENT_MS };
/** For confirmations that never come. */
const impatient = { ...patient, waitReplicasMs: 100 };

let primary: RedisServer;
let replica: RedisServer;
/** What the replica hears of the primary goes through it. */
let link: TcpProxy;

const servers = knownServers();
tellServers("THE FAILOVER TEST", servers);

async function startPair(command: string): Promise<void> {
  const settings = { "repl-diskless-sync-delay": "0" };
  primary = await startRedisServer({ command, settings });
  link = await startTcpProxy(primary);
  replica = await startRedisServer({ command });
  const admin = replica.connect();
  await admin.replicaof(link.host, link.port);
  await expect.poll(() => admin.info("replication")).toContain("master_link_status:up");
  // Only then does the primary count its confirmations.
  await expect.poll(() => primary.connect().info("replication")).toContain("state=online");
}

afterEach(async () => {
  await Promise.all([primary.stop(), replica.stop()]);
  await link.close();
});

/** The replica takes over with what it has; the old primary is gone. */
async function failOver(): Promise<Redis> {
  await primary.kill();
  const admin = replica.connect();
  await admin.replicaof("NO", "ONE");
  return admin;
}

/** The same message, delivered again after the failover. */
async function redelivered(client: Redis) {
  const store = redisStore({ client });
  const [reply] = repliesOf(await store.claim([claimOf(KEY, "b")]));
  if (reply?.status !== "claimed") return reply?.status;
  return store.begin(startOf({ key: KEY, owner: "b", fence: reply.fence }));
}

describe.each(servers)("a failover that loses the last writes, on $name", ({ command }) => {
  beforeEach(() => startPair(command));

  it("forgets a begin that was answered: without waitReplicas a duplicate is possible", async () => {
    const client = primary.connect();
    const store = redisStore({ client });
    await store.claim([claimOf(KEY)]);
    expect(await client.wait(1, PATIENT_MS)).toBe(1);
    link.holdReplies();
    expect(await store.begin(startOf(lease))).toBe("granted");
    expect(await store.settle(ref, acceptedNow())).toBe("settled");
    expect(await store.complete([lease])).toEqual(["done"]);
    expect(await redelivered(await failOver())).toBe("busy");
    expect(await leaseOverAndRedelivered()).toBe("granted");
  });

  it("can't forget a begin that waited for a replica: it is held, not sent again", async () => {
    const store = redisStore({ client: primary.connect(), ...patient });
    await store.claim([claimOf(KEY)]);
    expect(await store.begin(startOf(lease))).toBe("granted");
    link.holdReplies();
    expect(await store.settle(ref, acceptedNow())).toBe("settled");
    expect(await store.complete([lease])).toEqual(["done"]);
    expect(await redelivered(await failOver())).toBe("busy");
    expect(await leaseOverAndRedelivered()).toMatchObject({ unknown: { state: "unknown" } });
  });

  it("isn't granted with waitReplicas while no replica confirms", async () => {
    const client = primary.connect();
    const store = redisStore({ client, ...patient });
    await store.claim([claimOf(KEY)]);
    link.holdReplies();
    const beginning = redisStore({ client, ...impatient }).begin(startOf(lease));
    await expect(beginning).rejects.toBeInstanceOf(StoreUnavailableError);
    await expect(beginning).rejects.toThrow("0 of 1 Redis replicas");
    link.release();
    expect(await store.begin(startOf(lease))).toBe("granted");
  });

  it("isn't granted to a replay on a new connection either, which wrote nothing itself", async () => {
    const client = primary.connect({ retryStrategy: () => 20 });
    await redisStore({ client, ...patient }).claim([claimOf(KEY)]);
    const store = redisStore({ client, ...impatient });
    link.holdReplies();
    await expect(store.begin(startOf(lease))).rejects.toBeInstanceOf(StoreUnavailableError);
    const reconnected = new Promise((resolve) => client.once("ready", resolve));
    client.disconnect(true);
    await reconnected;
    await expect(store.begin(startOf(lease))).rejects.toBeInstanceOf(StoreUnavailableError);
  });

  it("is granted to a replay once a replica has what that very call wrote", async () => {
    const client = primary.connect({ retryStrategy: () => 20 });
    await redisStore({ client, ...patient }).claim([claimOf(KEY)]);
    link.holdReplies();
    const beginning = redisStore({ client, ...impatient }).begin(startOf(lease));
    await expect(beginning).rejects.toBeInstanceOf(StoreUnavailableError);
    const reconnected = new Promise((resolve) => client.once("ready", resolve));
    client.disconnect(true);
    await reconnected;
    const replaying = redisStore({ client, ...patient }).begin(startOf(lease));
    link.release();
    expect(await replaying).toBe("granted");
    link.holdReplies();
    expect(await redelivered(await failOver())).toBe("busy");
    expect(await leaseOverAndRedelivered()).toMatchObject({ unknown: { state: "unknown" } });
  });

  async function leaseOverAndRedelivered() {
    const client = replica.connect();
    await redisStore({ client }).release([lease]);
    return redelivered(client);
  }
});
