import { afterEach, describe, expect, it } from "vitest";
import { rig, type Rig, type RigOptions } from "./consumer.fixture.js";
import { ConfigurationError, StoreUnavailableError } from "../errors.js";
import type { DedupeStore } from "../ports/index.js";

const rigs: Rig[] = [];

afterEach(async () => {
  for (const { consumer, clock } of rigs.splice(0)) {
    await clock.run(consumer.stop({ deadlineMs: 10_000 }));
  }
});

type Operation = Exclude<keyof DedupeStore, "capabilities" | "verify" | "control" | "tripwire">;

const OPERATIONS: readonly Operation[] = [
  "claim",
  "extend",
  "begin",
  "block",
  "settle",
  "complete",
  "release",
  "bury",
  "read",
];

/** A store behind a connection that can fail, before or after the operation happened. */
function breakable(inner: DedupeStore) {
  const broken = new Map<Operation, "before" | "after">();
  const through = <Args extends unknown[], Reply>(
    name: Operation,
    call: (...args: Args) => Promise<Reply>,
  ) => {
    return async (...args: Args): Promise<Reply> => {
      if (broken.get(name) === "before") throw new StoreUnavailableError("down");
      const reply = await call(...args);
      if (broken.get(name) === "after") throw new StoreUnavailableError("reply lost");
      return reply;
    };
  };
  const { control } = inner;
  const store: DedupeStore = {
    ...inner,
    claim: through("claim", inner.claim),
    extend: through("extend", inner.extend),
    begin: through("begin", inner.begin),
    block: through("block", inner.block),
    settle: through("settle", inner.settle),
    complete: through("complete", inner.complete),
    release: through("release", inner.release),
    bury: through("bury", inner.bury),
    read: through("read", inner.read),
    ...(control ? { control: { ...control, status: through("read", control.status) } } : {}),
  };
  return {
    flaky: store,
    broken,
    breakAll: () => {
      for (const name of OPERATIONS) broken.set(name, "before");
    },
  };
}

function start(options: RigOptions = {}) {
  let broken!: ReturnType<typeof breakable>;
  const made = rig({
    ...options,
    wrapStore: (store) => (broken = breakable(options.wrapStore?.(store) ?? store)).flaky,
  });
  rigs.push(made);
  return { ...made, ...broken };
}

describe("while the store is down", () => {
  it("stops receiving, burns no receives, and goes on by itself", async () => {
    const r = start();
    await r.clock.run(r.consumer.start());
    await r.clock.advance(3_000);
    r.breakAll();
    for (let i = 0; i < 30; i += 1) r.send(`m${i}`, { groupId: `g${i}` });
    await r.clock.advance(30_000);
    expect(r.consumer.health()).toMatchObject({
      live: true,
      ready: false,
      reason: "the store is down",
    });
    const counts = r.queue.messages().map(({ receiveCount }) => receiveCount);
    expect(Math.max(...counts)).toBeLessThanOrEqual(2);
    r.broken.clear();
    await r.clock.advance(60_000);
    expect(r.office.accepted).toHaveLength(30);
    expect(r.queue.messages()).toEqual([]);
    expect(r.seen("storeDown").length).toBe(1);
    expect(r.seen("storeUp").length).toBe(1);
  });

  it("retries the commit after a send, never the send", async () => {
    const r = start();
    r.office.behaviour = () => {
      r.breakAll();
      return undefined;
    };
    r.send("m");
    await r.clock.run(r.consumer.start());
    await r.clock.advance(40_000);
    r.broken.clear();
    await r.clock.advance(300_000);
    expect(r.office.requests).toBe(1);
    expect(r.queue.messages()).toEqual([]);
    expect(r.seen("held")).toEqual([]);
  });

  it.each(["before", "after"] as const)(
    "leaves no hold behind a begin without an answer (fault %s it happened)",
    async (when) => {
      const r = start();
      r.broken.set("begin", when);
      r.send("m");
      await r.clock.run(r.consumer.start());
      await r.clock.advance(5_000);
      expect(r.office.requests).toBe(0);
      r.broken.clear();
      await r.clock.advance(300_000);
      expect(r.office.accepted).toHaveLength(1);
      expect(r.queue.messages()).toEqual([]);
      expect((await r.store.unresolved()).items).toEqual([]);
    },
  );

  it.each(["claim", "settle", "complete", "release", "extend"] as const)(
    "sends once although the replies of %s are lost for a while",
    async (operation) => {
      const r = start({
        pipeline: {
          handler: async (event, ctx) => {
            await r.clock.sleep(45_000);
            await ctx.once("email", { to: event.to, text: event.text });
          },
        },
      });
      r.broken.set(operation, "after");
      r.send("m");
      await r.clock.run(r.consumer.start());
      await r.clock.advance(90_000);
      r.broken.clear();
      await r.clock.advance(600_000);
      expect(r.office.requests).toBe(1);
      expect(r.queue.messages()).toEqual([]);
    },
  );

  it("starts although the store is down, and takes nothing until it answers", async () => {
    const r = start();
    r.breakAll();
    r.send("m");
    await r.clock.run(r.consumer.start());
    await r.clock.advance(20_000);
    expect(r.queue.calls.receive).toBe(0);
    r.broken.clear();
    await r.clock.advance(20_000);
    expect(r.office.accepted).toHaveLength(1);
  });
});

describe("while receives fail", () => {
  it("isn't ready, and says why, until one succeeds", async () => {
    const r = start();
    await r.clock.run(r.consumer.start());
    r.queue.inject({ on: "receive", effect: "before", times: Infinity });
    await r.clock.advance(60_000);
    const health = r.consumer.health();
    expect(health).toMatchObject({ live: true, ready: false });
    expect(health.reason).toMatch(/^receives fail: ./);
    r.queue.clearFaults();
    await r.clock.advance(60_000);
    expect(r.consumer.health().ready).toBe(true);
  });
});

describe("while sending is paused", () => {
  it("stops receiving within two seconds, keeps what it has, and goes on after", async () => {
    const r = start({
      pipeline: {
        handler: async (event, ctx) => {
          await r.clock.sleep(3_000);
          await ctx.once("email", { to: event.to, text: event.text });
        },
      },
    });
    r.send("in flight");
    await r.clock.run(r.consumer.start());
    await r.clock.advance(1_000);
    await r.store.control?.pause("test", undefined, { by: "op", why: "wrong wording" });
    await r.clock.advance(2_000);
    r.send("later", { groupId: "h" });
    const received = r.queue.calls.receive;
    await r.clock.advance(600_000);
    expect(r.office.requests).toBe(0);
    expect(r.queue.calls.receive - received).toBeLessThanOrEqual(1);
    expect(Math.max(...r.queue.messages().map((m) => m.receiveCount))).toBe(1);
    await r.store.control?.resume("test", undefined);
    await r.clock.advance(30_000);
    expect(r.office.accepted).toHaveLength(2);
  });
});

describe("while the provider is in trouble", () => {
  it("slows down instead of burning the receives of healthy messages", async () => {
    const r = start({ maxReceiveCount: 10 });
    let down = true;
    r.office.behaviour = () =>
      down ? { status: "rejected", reason: "connectionRefused" } : undefined;
    for (let i = 0; i < 40; i += 1) r.send(`m${i}`, { groupId: `g${i}` });
    await r.clock.run(r.consumer.start());
    await r.clock.advance(60_000);
    down = false;
    await r.clock.advance(600_000);
    expect(r.queue.deadLetters()).toEqual([]);
    expect(r.office.accepted).toHaveLength(40);
  });

  it("stops receiving for as long as the provider throttles", async () => {
    const r = start();
    r.office.behaviour = (n) =>
      n === 1
        ? {
            status: "rejected",
            reason: "throttled",
            throttle: { scope: "quota", retryAfterMs: 3_600_000 },
          }
        : undefined;
    r.send("a");
    await r.clock.run(r.consumer.start());
    await r.clock.advance(60_000);
    const { receive } = r.queue.calls;
    await r.clock.advance(3_000_000);
    expect(r.queue.calls.receive).toBe(receive);
    await r.clock.advance(900_000);
    expect(r.office.accepted).toHaveLength(1);
  });

  it("says what the provider refused everything for, in health and in the event", async () => {
    const r = start();
    r.office.behaviour = () => ({
      status: "rejected",
      reason: "AccessDenied",
      throttle: { scope: "quota", retryAfterMs: 60_000 },
    });
    r.send("a");
    await r.clock.run(r.consumer.start());
    await r.clock.advance(1_000);
    expect(r.consumer.health()).toMatchObject({
      ready: false,
      reason: "the provider throttles (AccessDenied)",
    });
    expect(r.seen("receivingPaused")).toMatchObject([
      { reason: expect.stringContaining("Access") as unknown },
    ]);
  });

  it("stops receiving while the sender admits nothing, and says why", async () => {
    const r = start();
    let full = true;
    const prepared: unknown[] = [];
    r.office.admit = (wait) => {
      prepared.push(wait.prepared);
      return Promise.resolve(
        full ? { deferMs: 900_000, reason: "the daily quota is used up" } : undefined,
      );
    };
    r.send("a");
    r.send("b", { groupId: "other" });
    await r.clock.run(r.consumer.start());
    await r.clock.advance(60_000);
    expect(prepared[0]).toMatchObject({ text: "a" });
    expect(r.consumer.health().reason).toContain("the daily quota is used up");
    expect(r.seen("receivingPaused")[0]?.reason).toContain("the daily quota is used up");
    const { receive } = r.queue.calls;
    full = false;
    await r.clock.advance(800_000);
    expect(r.queue.calls.receive).toBe(receive);
    await r.clock.advance(200_000);
    expect(r.office.accepted).toHaveLength(2);
  });
});

describe("a second replica", () => {
  it("never sends what the first one sent, whatever is redelivered", async () => {
    const r = start({
      pipeline: {
        handler: async (event, ctx) => {
          await r.clock.sleep(500);
          await ctx.once("email", { to: event.to, text: event.text });
        },
      },
    });
    const second = r.replica();
    const ids = Array.from({ length: 20 }, (_, i) => r.send(`m${i}`, { groupId: `g${i}` }));
    await r.clock.run(r.consumer.start());
    await r.clock.run(second.start());
    for (let round = 0; round < 10; round += 1) {
      await r.clock.advance(300);
      const left = new Set(r.queue.messages().map((message) => message.id));
      for (const id of ids) if (left.has(id)) r.queue.redeliver(id);
    }
    await r.clock.advance(300_000);
    expect(r.office.requests).toBe(20);
    expect(r.queue.messages()).toEqual([]);
    await r.clock.run(second.stop());
  });
});

describe("a start", () => {
  it("waits for a provider that is away: live, not ready, and says why", async () => {
    const r = start();
    let away = true;
    r.office.verify = () =>
      away ? Promise.reject(new Error("SES didn't answer")) : Promise.resolve();
    const starting = r.consumer.start();
    await r.clock.advance(300_000);
    expect(r.consumer.health()).toMatchObject({
      ...{ live: true, ready: false, state: "starting" },
      reason: "it is starting: SES didn't answer",
    });
    expect(r.seen("senderUnavailable").length).toBeGreaterThan(2);
    expect(r.queue.calls.receive).toBe(0);
    away = false;
    await r.clock.run(starting);
    expect(r.consumer.health().ready).toBe(true);
  });

  it("is refused at once by what an operator has to mend", async () => {
    const r = start();
    r.office.verify = () => Promise.reject(new ConfigurationError("grant ses:SendRawEmail"));
    await expect(r.consumer.start()).rejects.toThrow("grant ses:SendRawEmail");
    expect(r.clock.sleeping).toBe(0);
  });

  it("waits for a store that is away: live, not ready, and says why", async () => {
    let away = true;
    const r = start({
      wrapStore: (store) => ({
        ...store,
        verify: () =>
          away ? Promise.reject(new StoreUnavailableError("Redis is away.")) : Promise.resolve([]),
      }),
    });
    const starting = r.consumer.start();
    await r.clock.advance(300_000);
    expect(r.consumer.health()).toMatchObject({
      ...{ live: true, ready: false, state: "starting" },
      reason: "it is starting: Redis is away.",
    });
    expect(r.seen("storeUnavailable").length).toBeGreaterThan(2);
    expect(r.queue.calls.receive).toBe(0);
    away = false;
    await r.clock.run(starting);
    expect(r.consumer.health().ready).toBe(true);
  });

  const evicting = (store: DedupeStore): DedupeStore => ({
    ...store,
    verify: () =>
      Promise.resolve([
        { code: "EVICTION", severity: "error", text: "records may be evicted." },
        { code: "NO_REPLICAS", severity: "warning", text: "there is no replica." },
      ]),
  });

  it("is refused by a store that may lose what it was told, and says by what name to allow it", async () => {
    const r = start({ wrapStore: evicting });
    await expect(r.consumer.start()).rejects.toThrow(
      'createConsumer: EVICTION: records may be evicted. Or start with it all the same by allow: ["EVICTION"].',
    );
    expect(r.queue.calls.receive).toBe(0);
    expect(r.clock.sleeping).toBe(0);
  });

  it("tells what it was allowed to start with, and what is a warning", async () => {
    const r = start({ wrapStore: evicting, consumer: { allow: ["EVICTION"] } });
    await r.clock.run(r.consumer.start());
    expect(
      r.seen("deploymentFinding").map(({ subject, code, allowed }) => [subject, code, allowed]),
    ).toEqual([
      ["store", "EVICTION", true],
      ["store", "NO_REPLICAS", false],
    ]);
  });

  it("is given up by a stop, which leaves nothing behind", async () => {
    const r = start();
    r.office.verify = () => Promise.reject(new Error("SES didn't answer"));
    const starting = r.consumer.start();
    await r.clock.advance(10_000);
    await r.clock.run(r.consumer.stop());
    await starting;
    expect(r.consumer.health().state).toBe("stopped");
    expect(r.clock.sleeping).toBe(0);
    expect(r.queue.calls.receive).toBe(0);
  });
});
