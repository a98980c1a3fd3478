import assert from "node:assert/strict";
import { createHash } from "node:crypto";

import {
  repliesOf,
  type AttemptInfo,
  type AttemptRef,
  type AttemptStart,
  type Burial,
  type ClaimReply,
  type ClaimRequest,
  type DedupeStore,
  type EffectBlock,
  type Lease,
  type Outcome,
  type Receipt,
  type RecordView,
} from "../ports/index.js";

/** One fresh store, empty and seen by nobody else. */
export interface StoreFixture {
  readonly store: DedupeStore;
  /** Lets time pass for the store: advances its clock, or waits where it has none to advance. */
  elapse(ms: number): Promise<void>;
  /** Makes the store unreachable until the function it answers is called. */
  outage?(): Promise<() => Promise<void>>;
  /** Another client of the same data, as another replica of the service would have. */
  another?(): Promise<DedupeStore>;
  /** Moves the caller's clock, not the store's, by so many ms until `close`. */
  skewCaller?(ms: number): void;
  /**
   * Does to the key's place what is named among `StoreSuiteOptions.spoilings`, so that its record can't be
   * read. Resolves with what puts back what stood there.
   */
  spoil?(key: string, how: string): Promise<() => Promise<void>>;
  /**
   * Adds to the key's record, and to its effects, what a later release might have. Resolves with a
   * question: whether all of that is still there.
   */
  addFromLater?(key: string): Promise<() => Promise<boolean>>;
  /** Called at the end of each test. */
  close?(): Promise<void>;
}

/** Long enough that no test ever sees it end. */
export const LONG = 10 * 60_000;

export const PIPELINE = "form-updated";
export const FINGERPRINT = "v1:00112233445566778899aabbccddeeff";
export const OTHER_FINGERPRINT = "v1:ffeeddccbbaa99887766554433221100";

/** A key's digest, as the key module makes them. */
export function digest(name: string): string {
  return createHash("sha256").update(name).digest("hex").slice(0, 32);
}

export const KEY = digest("the key");

export const receipt = (id: string | null, via: Receipt["via"] = "provider"): Receipt => ({
  id,
  at: 1_767_225_600_123,
  via,
});

export const accepted = (id: string | null, via?: Receipt["via"]): Outcome => ({
  status: "accepted",
  receipt: receipt(id, via),
});

export const rejected: Outcome = { status: "rejected", reason: "throttled" };
export const unknown: Outcome = { status: "unknown", reason: "timeout" };
export const who = { by: "operator", why: "asked the provider" };

export interface StoreTools {
  readonly store: DedupeStore;
  readonly fixture: StoreFixture;
  /** The shortest time that tests can rely on, ms. */
  readonly unitMs: number;
  elapse(ms: number): Promise<void>;
  request(over?: Partial<ClaimRequest>): ClaimRequest;
  claim(over?: Partial<ClaimRequest>): Promise<ClaimReply>;
  /** Claims, which has to succeed. Default: {@link KEY}, owner `a`, a long lease. */
  claimed(over?: Partial<ClaimRequest>): Promise<Lease>;
  /** Claims for a moment and lets the lease end. */
  lapsed(over?: Partial<ClaimRequest>): Promise<Lease>;
  start(lease: Lease, over?: Partial<AttemptStart>): AttemptStart;
  /** Begins, which has to be granted. */
  begun(lease: Lease, over?: Partial<AttemptStart>): Promise<AttemptRef>;
  block(lease: Lease, over?: Partial<EffectBlock>): EffectBlock;
  burial(over?: Partial<Burial>): Burial;
  view(key?: string): Promise<RecordView>;
  /** The only effect of the key's record, or the named one. */
  effect(name?: string): Promise<AttemptInfo>;
  /** A key whose only effect was accepted, completed. */
  done(over?: Partial<ClaimRequest>): Promise<Lease>;
}

export type Behaviour = (
  name: string,
  body: (tools: StoreTools) => Promise<void>,
  options?: {
    /** Retention in units of `unitMs`. Default: a week. */
    readonly retentionUnits?: number;
  },
) => void;

export function refOf(lease: Lease, attemptNumber = 1, effect = "email"): AttemptRef {
  return { key: lease.key, effect, owner: lease.owner, fence: lease.fence, attemptNumber };
}

export function storeTools(fixture: StoreFixture, unitMs: number): StoreTools {
  const { store } = fixture;

  const request: StoreTools["request"] = (over = {}) => ({
    key: KEY,
    keyText: '["tis","form-updated","t1"]',
    pipeline: PIPELINE,
    owner: "a",
    leaseMs: LONG,
    messageId: "m1",
    fingerprint: FINGERPRINT,
    ...over,
  });

  async function claim(over: Partial<ClaimRequest> = {}): Promise<ClaimReply> {
    const [reply] = repliesOf(await store.claim([request(over)]));
    assert.ok(reply, "claim answered nothing");
    return reply;
  }

  async function claimed(over: Partial<ClaimRequest> = {}): Promise<Lease> {
    const reply = await claim(over);
    assert.equal(reply.status, "claimed");
    return { key: over.key ?? KEY, owner: over.owner ?? "a", fence: reply.fence };
  }

  async function lapsed(over: Partial<ClaimRequest> = {}): Promise<Lease> {
    const lease = await claimed({ ...over, leaseMs: 1 });
    await fixture.elapse(10);
    return lease;
  }

  const start: StoreTools["start"] = (lease, over = {}) => ({
    ...refOf(lease),
    timeoutMs: 30_000,
    validityMs: 300_000,
    fingerprint: FINGERPRINT,
    ...over,
  });

  async function begun(lease: Lease, over: Partial<AttemptStart> = {}): Promise<AttemptRef> {
    const item = start(lease, over);
    assert.equal(await store.begin(item), "granted");
    return refOf(lease, item.attemptNumber, item.effect);
  }

  async function view(key = KEY): Promise<RecordView> {
    const [found] = repliesOf(await store.read([key]));
    assert.ok(found, `no record of ${key}`);
    return found;
  }

  return {
    store,
    fixture,
    unitMs,
    elapse: (ms) => fixture.elapse(ms),
    request,
    claim,
    claimed,
    lapsed,
    start,
    begun,
    view,
    block: (lease, over = {}) => ({
      ...refOf(lease),
      reason: "same content as another key",
      fingerprint: FINGERPRINT,
      ...over,
    }),
    burial: (over = {}) => ({
      key: KEY,
      keyText: '["tis","form-updated","t1"]',
      pipeline: PIPELINE,
      messageId: "m1",
      reason: "too many tries",
      ...over,
    }),
    effect: async (name = "email") => {
      const { effects } = await view();
      const found = effects.find(({ effect }) => effect === name);
      assert.ok(found, `no effect ${name}`);
      return found;
    },
    done: async (over = {}) => {
      const lease = await claimed(over);
      await store.settle(await begun(lease), accepted("id-1"));
      assert.deepEqual(await store.complete([lease]), ["done"]);
      return lease;
    },
  };
}
