import { repliesOf } from "@exactly-once/core/ports";
import { StoreUnavailableError } from "@exactly-once/core";
import type { Redis } from "ioredis";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { redisStore, type RedisStore } from "./store.js";
import { startRedisServer, type RedisServer } from "./testing/redis-server.js";
import { acceptedNow, claimOf, digest, leaseOf, startOf } from "./testing/requests.js";
import { startTcpProxy, type TcpProxy } from "./testing/tcp-proxy.js";

const KEY = digest("the key");
/** No answer takes so long that comes at all, however busy the machine is. */
const PATIENT_MS = 120_000;
/** For what is never answered. */
const IMPATIENT_MS = 200;

let server: RedisServer;
let proxy: TcpProxy;
let client: Redis;
let store: RedisStore;
let impatient: RedisStore;

beforeEach(async () => {
  server = await startRedisServer({ settings: { appendonly: "yes", appendfsync: "always" } });
  proxy = await startTcpProxy(server);
  client = server.connect({ port: proxy.port, retryStrategy: () => 20 });
  store = redisStore({ client, commandTimeoutMs: PATIENT_MS });
  impatient = redisStore({ client, commandTimeoutMs: IMPATIENT_MS });
});

afterEach(async () => {
  await server.stop();
  await proxy.close();
});

async function fault(operation: Promise<unknown>): Promise<Error> {
  const error: unknown = await operation.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(StoreUnavailableError);
  return error as Error;
}

async function eventually<T>(attempt: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      await sleep(20);
    }
  }
}

describe("scripts that Redis has lost", () => {
  it("are loaded, and only what failed is repeated, in one more round trip", async () => {
    await store.claim([claimOf(KEY)]);
    await server.connect().script("FLUSH", "SYNC");
    const before = proxy.roundTrips;
    const keys = Array.from({ length: 10 }, (_, i) => digest(`k${i}`));
    const replies = await Promise.all([
      store.claim(keys.map((key) => claimOf(key))).then(repliesOf),
      store.begin(startOf(leaseOf(KEY))),
    ]);
    expect(replies[0].map(({ status }) => status)).toEqual(keys.map(() => "claimed"));
    expect(replies[1]).toBe("granted");
    expect(proxy.roundTrips - before).toBe(2);
  });

  it("are loaded after a restart", async () => {
    await store.claim([claimOf(KEY)]);
    await server.kill();
    await server.start();
    expect(await eventually(() => store.begin(startOf(leaseOf(KEY))))).toBe("granted");
  });
});

describe("a server that doesn't answer", () => {
  it("is down after the command timeout, never an empty store", async () => {
    await store.claim([claimOf(KEY)]);
    proxy.holdRequests();
    const error = await fault(impatient.claim([claimOf(KEY, "b")]).then(repliesOf));
    expect(error.message).toContain(`no answer within ${IMPATIENT_MS} ms`);
    await fault(impatient.ping());
  });

  it("may still execute the command later; a replay then gets the same answer", async () => {
    await store.claim([claimOf(KEY)]);
    const start = startOf(leaseOf(KEY));
    await loadBegin();
    proxy.holdRequests();
    await fault(impatient.begin(start));
    proxy.release();
    expect(await store.begin(start)).toBe("granted");
    const [view] = repliesOf(await store.read([KEY]));
    expect(view?.effects).toHaveLength(1);
  });

  it("can't grant what was given up meanwhile: a late begin is lost", async () => {
    await store.claim([claimOf(KEY)]);
    await loadBegin();
    proxy.holdRequests();
    await fault(impatient.begin(startOf(leaseOf(KEY))));
    const direct = redisStore({ client: server.connect() });
    const given = { ...leaseOf(KEY), effect: "email", attemptNumber: 1 };
    expect(await direct.settle(given, { status: "rejected", reason: "storeDown" })).toBe("settled");
    proxy.release();
    await store.ping();
    const [view] = repliesOf(await direct.read([KEY]));
    expect(view?.effects.map(({ state }) => state)).toEqual(["rejected"]);
    expect(await direct.unresolved()).toEqual({ items: [], unreadable: [] });
  });

  it("changes nothing when everything ever sent arrives once more, much later", async () => {
    const lease = leaseOf(KEY);
    await store.claim([claimOf(KEY)]);
    await store.begin(startOf(lease));
    await store.settle({ ...lease, effect: "email", attemptNumber: 1 }, acceptedNow());
    await store.complete([lease]);
    const before = repliesOf(await store.read([KEY]));
    await proxy.repeatRequests();
    expect(await store.read([KEY])).toEqual(before);
  });

  /** Once Redis has its script, a begin that nobody waits for any more is executed all the same. */
  async function loadBegin(): Promise<void> {
    expect(await store.begin(startOf(leaseOf(digest("nobody's"))))).toBe("lost");
  }
});

describe("a connection that breaks", () => {
  it("lets the client repeat what was on its way: a replay, not a second claim", async () => {
    await store.ping();
    const before = proxy.roundTrips;
    proxy.holdReplies();
    const claiming = store.claim([claimOf(KEY)]);
    await expect.poll(() => proxy.roundTrips).toBeGreaterThan(before);
    proxy.cut();
    proxy.release();
    expect(await claiming).toMatchObject([{ status: "claimed", fence: 1 }]);
  });

  it("doesn't queue: what no one waits for any more is never executed", async () => {
    await store.ping();
    const noticed = new Promise((resolve) => client.once("close", resolve));
    await server.kill();
    await noticed;
    await fault(impatient.claim([claimOf(KEY)]).then(repliesOf));
    await server.start();
    await eventually(() => store.ping());
    expect(await store.read([KEY])).toEqual([undefined]);
  });

  it("keeps what was answered, with an append-only file always synced", async () => {
    await store.claim([claimOf(KEY)]);
    await store.begin(startOf(leaseOf(KEY)));
    await server.kill();
    await server.start();
    const [view] = await eventually(() => store.read([KEY]).then(repliesOf));
    expect(view?.effects[0]?.state).toBe("sending");
  });

  it("is made when the client was waiting to be used", async () => {
    const lazy = redisStore({ client: server.connect({ lazyConnect: true }) });
    expect(await lazy.claim([claimOf(KEY)])).toMatchObject([{ status: "claimed" }]);
  });

  it("fails at once where the client was closed", async () => {
    await store.ping();
    client.disconnect();
    await new Promise((resolve) => client.once("end", resolve));
    const error = await fault(store.claim([claimOf(KEY)]).then(repliesOf));
    expect(error.message).toContain("closed");
  });
});

describe("a replica instead of the primary", () => {
  it("is refused, and left for another connection", async () => {
    const other = await startRedisServer();
    try {
      await store.ping();
      const admin = server.connect();
      await admin.replicaof(other.host, other.port);
      const reconnected = new Promise((resolve) => client.once("connect", resolve));
      const error = await fault(store.claim([claimOf(KEY)]).then(repliesOf));
      expect(error.message).toContain("READONLY");
      await reconnected;
      await admin.replicaof("NO", "ONE");
      expect(await eventually(() => store.claim([claimOf(KEY)]).then(repliesOf))).toMatchObject([
        { status: "claimed" },
      ]);
    } finally {
      await other.stop();
    }
  });
});

describe("a server whose memory is full", () => {
  it("is down for what begins, takes what ends, and loses nothing half written", async () => {
    const lease = leaseOf(KEY);
    await store.claim([claimOf(KEY)]);
    await store.begin(startOf(lease));
    const [before] = repliesOf(await store.read([KEY]));
    const admin = server.connect();
    await admin.config("SET", "maxmemory", "1");
    const error = await fault(store.claim([claimOf(digest("another"))]).then(repliesOf));
    expect(error.message).toContain("OOM");
    await fault(store.begin({ ...startOf(lease), effect: "sms" }));
    await fault(store.ping());
    expect(await store.read([KEY])).toEqual([before]);
    const ref = { ...lease, effect: "email", attemptNumber: 1 };
    expect(await store.settle(ref, acceptedNow())).toBe("settled");
    expect(await store.complete([lease])).toEqual(["done"]);
    await admin.config("SET", "maxmemory", "0");
    expect(await store.claim([claimOf(digest("another"))])).toMatchObject([{ status: "claimed" }]);
  });
});

describe("one of many in a full server", () => {
  it("is refused without keeping the others from their answers", async () => {
    const [known, another] = [KEY, digest("another")];
    await store.claim([claimOf(known)]);
    await server.connect().config("SET", "maxmemory", "1");
    const before = proxy.roundTrips;
    const [refused, busy] = await store.claim([claimOf(another), claimOf(known, "b")]);
    expect(proxy.roundTrips - before).toBe(1);
    expect(busy).toMatchObject({ status: "busy" });
    expect(refused).toBeInstanceOf(StoreUnavailableError);
  });

  it("is taken where nothing has to leave the attention index first", async () => {
    const lease = leaseOf(KEY);
    const ref = { ...lease, effect: "email", attemptNumber: 1 };
    await store.claim([claimOf(KEY)]);
    await store.begin(startOf(lease));
    await store.settle(ref, { status: "rejected", reason: "throttled" });
    await server.connect().config("SET", "maxmemory", "1");
    expect(await store.extend([{ ...lease, leaseMs: 90_000 }])).toEqual(["extended"]);
    expect(await store.settle(ref, acceptedNow())).toBe("settled");
    expect(await store.release([lease])).toEqual(["released"]);
  });
});

describe("a server that is still loading its data", () => {
  it.each([true, false])("is down until it has (client checks readiness: %s)", async (check) => {
    const slow = await startRedisServer({
      settings: { appendonly: "no", "loading-process-events-interval-bytes": "1024" },
    });
    try {
      const admin = slow.connect({ enableReadyCheck: false });
      const filled = admin.pipeline();
      for (let i = 0; i < 10_000; i += 1) filled.set(`key${i}`, "x".repeat(100));
      await filled.exec();
      await redisStore({ client: admin }).claim([claimOf(KEY)]);
      await admin.save();
      await slow.kill();
      // It would take a minute and more, were it not told to hurry.
      await slow.start({ "key-load-delay": "10000" });
      const waiting = slow.connect({
        enableReadyCheck: check,
        retryStrategy: () => 50,
        maxLoadingRetryTime: 50,
      });
      const refused = redisStore({
        client: waiting,
        commandTimeoutMs: check ? IMPATIENT_MS : PATIENT_MS,
      });
      const error = await fault(refused.claim([claimOf(KEY, "b")]).then(repliesOf));
      expect(error.message).toContain(check ? "no answer within" : "LOADING");
      await admin.config("SET", "key-load-delay", "0");
      const patient = redisStore({ client: waiting, commandTimeoutMs: PATIENT_MS });
      const reply = await eventually(() => patient.claim([claimOf(KEY, "b")]).then(repliesOf));
      expect(reply).toMatchObject([{ status: "busy" }]);
    } finally {
      await slow.stop();
    }
  });
});

describe("a fact that can't be written", () => {
  it("leaves the attempt on the list of what needs attention", async () => {
    const lease = leaseOf(KEY);
    await store.claim([claimOf(KEY)]);
    await store.begin(startOf(lease));
    const ref = { ...lease, effect: "email", attemptNumber: 1 };
    const receipt = { id: "r", at: Number.NaN, via: "provider" } as const;
    await fault(store.settle(ref, { status: "accepted", receipt }));
    await store.release([lease]);
    expect((await store.unresolved()).items).toHaveLength(1);
  });

  it.each(["timeoutMs", "validityMs"])("begins nothing where %s is no number", async (name) => {
    const lease = leaseOf(KEY);
    await store.claim([claimOf(KEY)]);
    await fault(store.begin({ ...startOf(lease), [name]: Number.POSITIVE_INFINITY }));
    expect(await store.read([KEY])).toMatchObject([{ state: "claimed", effects: [] }]);
    expect((await store.unresolved()).items).toEqual([]);
    expect(await store.begin(startOf(lease))).toBe("granted");
  });
});
