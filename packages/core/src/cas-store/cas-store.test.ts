import { describe, expect, it } from "vitest";
import { StoreUnavailableError } from "../errors.js";
import type { AttemptStart, ClaimRequest, Lease, Outcome } from "../ports/index.js";
import { repliesOf } from "../ports/store/item-reply.js";
import { casStore, type CasStoreOptions } from "./cas-store.js";
import { troubledPort, type TroubledPort } from "./troubled-port.fixture.js";

const KEY = "0123456789abcdef0123456789abcdef";
const LEASE_MS = 30_000;
const TIMEOUT_MS = 2_000;
const WEEK_MS = 7 * 24 * 60 * 60_000;
const accepted: Outcome = { status: "accepted", receipt: { id: "id-1", at: 1, via: "provider" } };
const who = { by: "operator", why: "asked" };

const request = (over: Partial<ClaimRequest> = {}): ClaimRequest => ({
  key: KEY,
  keyText: "[]",
  pipeline: "p",
  owner: "a",
  leaseMs: LEASE_MS,
  messageId: "m1",
  fingerprint: "v1:0",
  ...over,
});

const start = (lease: Lease, over: Partial<AttemptStart> = {}): AttemptStart => ({
  ...lease,
  effect: "email",
  attemptNumber: 1,
  timeoutMs: 1_000,
  validityMs: 300_000,
  fingerprint: "v1:0",
  ...over,
});

const A: Lease = { key: KEY, owner: "a", fence: 1 };

/** A process: a store of its own over the port that all share. */
function processOf({ port, clock }: TroubledPort, over: CasStoreOptions = {}) {
  const settings = { clock, callTimeoutMs: TIMEOUT_MS, retentionMs: WEEK_MS, ...over };
  const store = casStore(port, port.clock === "caller" ? { maxSkewMs: 0, ...settings } : settings);
  return {
    store,
    claim: async (over?: Partial<ClaimRequest>) => {
      const [reply] = repliesOf(await store.claim([request(over)]));
      if (!reply) throw new Error("claim answered nothing");
      return reply;
    },
  };
}

describe("what a message costs", () => {
  it("is four conditional writes and no read for a new key", async () => {
    const troubled = troubledPort();
    const { store, claim } = processOf(troubled);
    await claim();
    await store.begin(start(A));
    await store.settle(start(A), accepted);
    expect(await store.complete([A])).toEqual(["done"]);
    expect(troubled.calls).toEqual(["write 0123", "write 0123", "write 0123", "write 0123"]);
  });

  it("is one more write for each extension, without a read", async () => {
    const troubled = troubledPort();
    const { store, claim } = processOf(troubled);
    await claim();
    await store.extend([{ ...A, leaseMs: LEASE_MS }]);
    await store.release([A]);
    expect(troubled.calls).toEqual(["write 0123", "write 0123", "write 0123"]);
  });

  it("is one call for what is asked together, with each key once in it", async () => {
    const troubled = troubledPort();
    const { store } = processOf(troubled);
    const keys = ["aaaa", "bbbb", "cccc"].map((start) => start.padEnd(32, "0"));
    await store.claim([...keys, ...keys].map((key, i) => request({ key, owner: `o${i}` })));
    expect(troubled.calls.slice(0, 2)).toEqual(["write aaaa bbbb cccc", "read aaaa bbbb cccc"]);
    await store.complete(keys.map((key, i) => ({ key, owner: `o${i}`, fence: 1 })));
    expect(troubled.calls.at(-1)).toBe("write aaaa bbbb cccc");
    expect(troubled.mostAtOnce).toBe(1);
  });
});

describe("operations on one key in a process", () => {
  it("are queued, not raced", async () => {
    const troubled = troubledPort();
    const { store, claim } = processOf(troubled);
    await claim();
    const effects = Array.from({ length: 10 }, (_, i) => `email-part${i}`);
    await Promise.all(effects.map((effect) => store.begin(start(A, { effect }))));
    await Promise.all(effects.map((effect) => store.settle(start(A, { effect }), accepted)));
    expect(await store.complete([A])).toEqual(["done"]);
    expect(troubled.mostAtOnce).toBe(1);
    // Each knew what the one before it had written.
    expect(troubled.calls.filter((call) => call.startsWith("read"))).toEqual([]);
  });

  it("don't wait for an unanswered write past its timeout", async () => {
    const troubled = troubledPort();
    const { clock } = troubled;
    const { store, claim } = processOf(troubled);
    await claim();
    troubled.fates.push("hangs");
    const hanging = store.begin(start(A)).catch((error: unknown) => error);
    const behind = store.extend([{ ...A, leaseMs: LEASE_MS }]);
    await clock.advance(TIMEOUT_MS);
    expect(await hanging).toBeInstanceOf(StoreUnavailableError);
    expect(await behind).toEqual(["extended"]);
    expect(clock.sleeping).toBe(0);
  });
});

describe("an unanswered write", () => {
  it.each(["lost", "answerLost"] as const)(
    "of a claim (%s) is a fault; the replay reads what stands",
    async (fate) => {
      const troubled = troubledPort();
      const { claim } = processOf(troubled);
      troubled.fates.push(fate);
      await expect(claim()).rejects.toThrow(StoreUnavailableError);
      expect(await claim()).toMatchObject({ status: "claimed", fence: 1 });
    },
  );

  it.each(["lost", "answerLost"] as const)(
    "of a begin (%s) is never granted; its replay is, by a write of its own",
    async (fate) => {
      const troubled = troubledPort();
      const { store, claim } = processOf(troubled);
      await claim();
      troubled.fates.push(fate);
      await expect(store.begin(start(A))).rejects.toThrow(StoreUnavailableError);
      troubled.calls.length = 0;
      expect(await store.begin(start(A))).toBe("granted");
      expect(troubled.calls).toEqual(["read 0123", "write 0123"]);
    },
  );

  it("grants a replay of what stands already by a write of that very call, too", async () => {
    const troubled = troubledPort();
    const { store, claim } = processOf(troubled);
    await claim();
    await store.begin(start(A));
    const revision = troubled.memory.cells.get(KEY)?.revision;
    troubled.fates.push("lost");
    await expect(store.begin(start(A))).rejects.toThrow(StoreUnavailableError);
    expect(await store.begin(start(A))).toBe("granted");
    expect(troubled.memory.cells.get(KEY)?.revision).not.toBe(revision);
  });

  it("that is executed late overwrites nothing of what came meanwhile", async () => {
    const troubled = troubledPort();
    const { clock } = troubled;
    const [one, two] = [processOf(troubled), processOf(troubled)];
    await one.claim();
    troubled.fates.push("held");
    const late = one.store.begin(start(A)).catch((error: unknown) => error);
    await clock.advance(TIMEOUT_MS);
    expect(await late).toBeInstanceOf(StoreUnavailableError);
    await clock.advance(LEASE_MS);
    const reply = await two.claim({ owner: "b" });
    expect(reply).toMatchObject({ status: "claimed", fence: 2, effects: [] });
    expect(await troubled.release()).toEqual(["refused"]);
    expect(await two.store.begin(start({ ...A, owner: "b", fence: 2 }))).toBe("granted");
  });

  it("that is executed late, before anybody else, is seen by whoever comes next", async () => {
    const troubled = troubledPort();
    const { clock } = troubled;
    const [one, two] = [processOf(troubled), processOf(troubled)];
    await one.claim();
    troubled.fates.push("held");
    const late = one.store.begin(start(A)).catch((error: unknown) => error);
    await clock.advance(LEASE_MS);
    await late;
    expect(await troubled.release()).toEqual(["written"]);
    const reply = await two.claim({ owner: "b" });
    expect(reply).toMatchObject({ status: "claimed", effects: [{ state: "unknown" }] });
    const second = await two.store.begin(start({ ...A, owner: "b", fence: 2 }));
    expect(second).toMatchObject({ unknown: { effect: "email" } });
  });

  it("of a record that was deleted and made anew since is refused: no revision comes twice", async () => {
    const troubled = troubledPort();
    const { clock, memory } = troubled;
    const [one, two] = [processOf(troubled), processOf(troubled)];
    await one.claim();
    troubled.fates.push("held");
    const late = one.store.begin(start(A)).catch((error: unknown) => error);
    await clock.advance(WEEK_MS + LEASE_MS);
    await late;
    await memory.deleteExpired(10);
    expect(await two.claim({ owner: "b" })).toMatchObject({ status: "claimed", fence: 1 });
    expect(await troubled.release()).toEqual(["refused"]);
  });
});

describe("the clock", () => {
  it("of a process makes no record absent: expired is what the store deleted", async () => {
    const troubled = troubledPort();
    const { store, claim } = processOf(troubled);
    await claim();
    await store.begin(start(A));
    await store.settle(start(A), accepted);
    await store.complete([A]);
    troubled.clock.jumpWall(10 * WEEK_MS);
    expect((await store.read([KEY]))[0]).toMatchObject({ state: "done" });
    expect(await claim({ owner: "b" })).toMatchObject({ status: "done" });
  });

  it("that is ahead can take a claim over, which costs a hold and sends nothing twice", async () => {
    const troubled = troubledPort();
    const one = processOf(troubled);
    const two = processOf(troubled, { clock: ahead(troubled, LEASE_MS) });
    await one.claim();
    await one.store.begin(start(A));
    const over = await two.claim({ owner: "b" });
    expect(over).toMatchObject({ status: "claimed", effects: [{ state: "unknown" }] });
    const B = { ...A, owner: "b", fence: 2 };
    expect(await two.store.begin(start(B))).toMatchObject({ unknown: {} });
    expect(await one.store.begin(start(A, { effect: "sms" }))).toBe("lost");
    expect(await one.store.settle(start(A), accepted)).toBe("settled");
    expect(await two.store.complete([B])).toEqual(["done"]);
  });

  it("that is ahead by the skew gives no verdict too early, and buries nothing too early", async () => {
    const troubled = troubledPort();
    const maxSkewMs = 10_000;
    const one = processOf(troubled, { maxSkewMs });
    const two = processOf(troubled, { clock: ahead(troubled, maxSkewMs), maxSkewMs });
    await one.claim();
    await one.store.begin(start(A));
    await one.store.release([A]);
    const { attemptId } = (await firstView(one.store)).effects[0] ?? { attemptId: "" };
    // The request of the first may be accepted for so long, by the first one's clock.
    await troubled.clock.advance(1_000 + 300_000 - 1);
    expect(await two.store.resolve(attemptId, "not-sent", who)).toMatchObject({
      tooEarly: expect.any(Number) as number,
    });
    const burial = { ...request(), reason: "r" };
    expect(await two.store.bury(burial)).toMatchObject({ tooEarly: expect.any(Number) as number });
    await troubled.clock.advance(1);
    expect(await two.store.resolve(attemptId, "not-sent", who)).toBe("resolved");
  });

  it("that is ahead by the skew ends no reservation too early", async () => {
    const troubled = troubledPort();
    const maxSkewMs = 10_000;
    const one = processOf(troubled, { maxSkewMs });
    const two = processOf(troubled, { clock: ahead(troubled, maxSkewMs), maxSkewMs });
    const mine = { digest: "d", holder: "k1-email", fence: 1, windowMs: 60_000 };
    const theirs = { ...mine, holder: "k2-email" };
    await one.store.tripwire.reserve(mine);
    await troubled.clock.advance(60_000 - 1);
    expect(await two.store.tripwire.reserve(theirs)).toEqual({ taken: "k1-email" });
    await troubled.clock.advance(1);
    expect(await two.store.tripwire.reserve(theirs)).toBe("reserved");
  });

  it.each(["begin", "extend"] as const)(
    "of a store refuses %s where the lease ended between decision and write",
    async (operation) => {
      const troubled = troubledPort("store");
      const { store, claim } = processOf(troubled);
      await claim();
      // The store's clock moves on while this process knows nothing of it: its machine was asleep.
      troubled.clock.jumpWall(LEASE_MS);
      const reply =
        operation === "begin"
          ? await store.begin(start(A))
          : (await store.extend([{ ...A, leaseMs: LEASE_MS }]))[0];
      expect(reply).toBe("lost");
      expect((await store.unresolved()).items).toEqual([]);
    },
  );

  it.each(["claim", "begin", "extend"] as const)(
    "of a store isn't taken for long past by a process that was suspended: %s",
    async (operation) => {
      const troubled = troubledPort("store");
      const { clock } = troubled;
      const { store, claim } = processOf(troubled);
      await claim();
      // The store's clock goes on, and the process' monotonic one stands still.
      clock.jumpWall(LEASE_MS / 2);
      if (operation === "claim") await claim({ key: "f".repeat(32) });
      else if (operation === "begin") await store.begin(start(A));
      else await store.extend([{ ...A, leaseMs: LEASE_MS }]);
      const key = operation === "claim" ? "f".repeat(32) : KEY;
      const [view] = repliesOf(await store.read([key]));
      const counted = view?.effects[0]?.startedAt ?? (view?.leaseUntil ?? 0) - LEASE_MS;
      expect(counted).toBe(clock.now());
    },
  );

  it("of a store is never taken for further than it is", async () => {
    const troubled = troubledPort("store");
    const [one, two] = [processOf(troubled), processOf(troubled)];
    await one.claim();
    troubled.clock.jumpWall(-LEASE_MS);
    await two.store.read([KEY]);
    await troubled.clock.advance(LEASE_MS);
    expect(await two.claim({ owner: "b" })).toMatchObject({ status: "busy" });
  });
});

describe("a claim from a clock that is far ahead", () => {
  const YEARS_MS = 30 * 365 * 24 * 60 * 60_000;

  it("is taken over once its revision was seen for the length of its lease", async () => {
    const troubled = troubledPort();
    const future = processOf(troubled, { clock: ahead(troubled, YEARS_MS) });
    const { claim } = processOf(troubled);
    await future.claim();
    expect(await claim({ owner: "b" })).toMatchObject({
      status: "busy",
      retryAfterMs: LEASE_MS,
    });
    await troubled.clock.advance(LEASE_MS - 1);
    expect(await claim({ owner: "b" })).toMatchObject({ status: "busy" });
    await troubled.clock.advance(1);
    expect(await claim({ owner: "b" })).toMatchObject({ status: "claimed", fence: 2 });
    const [view] = repliesOf(await processOf(troubled).store.read([KEY]));
    expect(view?.leaseUntil).toBe(troubled.clock.now() + LEASE_MS);
  });

  it("isn't by what was seen of the claim before", async () => {
    const troubled = troubledPort();
    const future = processOf(troubled, { clock: ahead(troubled, YEARS_MS) });
    const { claim } = processOf(troubled);
    await future.claim();
    await claim({ owner: "b" });
    await troubled.clock.advance(LEASE_MS - 1);
    await future.store.extend([{ ...A, leaseMs: LEASE_MS }]);
    await troubled.clock.advance(1);
    // For the length of its lease something was seen, but another revision.
    expect(await claim({ owner: "b" })).toMatchObject({ status: "busy" });
  });

  it("isn't while it is extended", async () => {
    const troubled = troubledPort();
    const future = processOf(troubled, { clock: ahead(troubled, YEARS_MS) });
    const { claim } = processOf(troubled);
    await future.claim();
    for (let i = 0; i < 3; i += 1) {
      expect(await claim({ owner: "b" })).toMatchObject({ status: "busy" });
      await troubled.clock.advance(LEASE_MS - 1);
      expect(await future.store.extend([{ ...A, leaseMs: LEASE_MS }])).toEqual(["extended"]);
    }
    expect(await claim({ owner: "b" })).toMatchObject({ status: "busy" });
  });
});

describe("the attention index", () => {
  it("only suggests: what the record doesn't say isn't listed", async () => {
    const troubled = troubledPort();
    const { store, claim } = processOf(troubled);
    await claim();
    await store.begin(start(A));
    await store.settle(start(A), accepted);
    const cell = troubled.memory.cells.get(KEY);
    if (cell) troubled.memory.cells.set(KEY, { ...cell, attentionAt: 5 });
    expect(await store.unresolved()).toEqual({ items: [], unreadable: [] });
  });

  it("may name what is gone, and one twice", async () => {
    const troubled = troubledPort();
    const { store, claim } = processOf({
      ...troubled,
      port: { ...troubled.port, attention: async () => ({ names: ["0".repeat(32), KEY, KEY] }) },
    });
    await claim();
    await store.begin(start(A));
    await store.release([A]);
    expect((await store.unresolved()).items).toHaveLength(1);
  });
});

describe("a count and a reservation without an answer", () => {
  it("fail open, told to whoever listens, and closed", async () => {
    const troubled = troubledPort();
    const told: Error[] = [];
    const { store } = processOf(troubled, { onUncounted: (error) => told.push(error) });
    troubled.fates.push("lost");
    const item = { counter: "c", member: "m", windowMs: 60_000 };
    expect(await store.tripwire.count(item)).toBe(1);
    expect(told).toEqual([expect.any(StoreUnavailableError)]);
    troubled.fates.push("lost");
    const mine = { digest: "d", holder: "k1-email", fence: 1, windowMs: 60_000 };
    await expect(store.tripwire.reserve(mine)).rejects.toThrow(StoreUnavailableError);
  });
});

describe("a port that breaks its contract", () => {
  it("by answering without its clock is a store out of reach", async () => {
    const troubled = troubledPort("store");
    const read = async () => ({ items: [] });
    const { claim } = processOf({ ...troubled, port: { ...troubled.port, read } });
    await expect(claim()).rejects.toThrow("without the store's clock");
  });

  it("by answering for other items is a store out of reach", async () => {
    const troubled = troubledPort();
    const { claim } = processOf({
      ...troubled,
      port: { ...troubled.port, write: async () => ({ items: [] }) },
    });
    await expect(claim()).rejects.toThrow("0 answers for 1 items");
  });

  it("by refusing for ever ends in a fault, not in a loop", async () => {
    const troubled = troubledPort();
    const { claim } = processOf({
      ...troubled,
      port: { ...troubled.port, write: async (items) => ({ items: items.map(() => "refused") }) },
    });
    await expect(claim()).rejects.toThrow("times in a row");
  });
});

describe("what is past its time", () => {
  it("is deleted now and then, where the database doesn't do that by itself", async () => {
    const troubled = troubledPort();
    const { claim } = processOf(troubled, { retentionMs: 1_000 });
    await claim();
    await troubled.clock.advance(WEEK_MS);
    await claim({ key: "f".repeat(32) });
    expect([...troubled.memory.cells.keys()]).toEqual(["f".repeat(32)]);
  });
});

describe("options", () => {
  it("are checked by name", () => {
    const { port } = troubledPort("store");
    expect(() => casStore(port, { maxSkewMs: 5 })).toThrow("casStore: maxSkewMs is given");
    expect(() => casStore(port, { pageSize: 0 })).toThrow("casStore: pageSize is 0");
    expect(() => casStore({} as never)).toThrow("casStore: port has no read()");
  });
});

function ahead({ clock }: TroubledPort, ms: number) {
  return {
    now: () => clock.now() + ms,
    monotonic: () => clock.monotonic(),
    sleep: clock.sleep,
  };
}

async function firstView(store: ReturnType<typeof processOf>["store"]) {
  const [view] = repliesOf(await store.read([KEY]));
  if (!view) throw new Error("no record");
  return view;
}
