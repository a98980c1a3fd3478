import assert from "node:assert/strict";

import { StoreUnavailableError } from "../errors.js";
import { repliesOf, type StoreCapabilities } from "../ports/index.js";
import { attentionBehaviours } from "./store-suite-attention.js";
import { claimBehaviours, replayBehaviours } from "./store-suite-claims.js";
import { effectBehaviours } from "./store-suite-effects.js";
import { endingBehaviours } from "./store-suite-endings.js";
import { lostRecordBehaviours } from "./store-suite-lost.js";
import { modelBehaviours, type PropertyTester } from "./store-suite-model.js";
import { repetitionBehaviours } from "./store-suite-repetition.js";
import { controlBehaviours, tripwireBehaviours } from "./store-suite-shared.js";
import { tryBehaviours } from "./store-suite-tries.js";
import { unreadableBehaviours } from "./store-suite-unreadable.js";
import {
  accepted,
  KEY,
  refOf,
  rejected,
  storeTools,
  type Behaviour,
  type StoreFixture,
} from "./store-suite-tools.js";

export type { PropertyTester } from "./store-suite-model.js";
export type { StoreFixture } from "./store-suite-tools.js";

/** What is declared is tested; what isn't is named in the test report as absent. */
export interface DeclaredStoreCapabilities extends StoreCapabilities {
  readonly control: boolean;
  readonly tripwire: boolean;
  /** Whether it can be out of reach: the fixture then has `outage`. */
  readonly outage: boolean;
}

/** What the store of one test is to be like. */
export interface StoreFixtureRequest {
  readonly retentionMs: number;
  /** Items per page of `unresolved()`. */
  readonly pageSize: number;
}

/** What the suite runs with. */
export interface StoreSuiteOptions {
  /** The `test` of any runner: vitest, node:test, jest. */
  readonly test: (name: string, body: () => Promise<void>) => unknown;
  /** Makes what one test runs on: a store that nobody else uses. */
  readonly factory: (request: StoreFixtureRequest) => Promise<StoreFixture>;
  readonly capabilities: DeclaredStoreCapabilities;
  /** fast-check (`import fc from "fast-check"`), for random command sequences against the table. */
  readonly fc: PropertyTester;
  /** How many random sequences. Default 100. */
  readonly runs?: number | undefined;
  /**
   * Ways in which a record can be unreadable, for the fixture's `spoil`: an unknown format, state or type,
   * something of another kind under its name. None where there are no bytes to misread.
   */
  readonly spoilings?: readonly string[] | undefined;
  /**
   * The shortest time in ms that tests may rely on: that between two operations must not come near
   * it. Default 1,000; for a store that really waits, some 200.
   */
  readonly unitMs?: number | undefined;
}

const WEEK_MS = 7 * 24 * 60 * 60_000;

/**
 * Conformance of a `DedupeStore`: the table of `record/` as behaviour, operation by
 * operation, and as random command sequences compared with the table itself.
 */
export function storeSuite(options: StoreSuiteOptions): void {
  const { test, factory, capabilities } = options;
  const unitMs = options.unitMs ?? 1_000;

  const behaviour: Behaviour = (name, body, { retentionUnits } = {}) => {
    test(name, async () => {
      const retentionMs = retentionUnits === undefined ? WEEK_MS : retentionUnits * unitMs;
      const fixture = await factory({ retentionMs, pageSize: 10 });
      try {
        await body(storeTools(fixture, unitMs));
      } finally {
        await fixture.close?.();
      }
    });
  };

  test("the factory makes stores that don't see each other's records", async () => {
    const request = { retentionMs: WEEK_MS, pageSize: 10 };
    const [one, two] = [await factory(request), await factory(request)];
    try {
      await storeTools(one, unitMs).claimed();
      assert.deepEqual(await two.store.read([KEY]), [undefined]);
      assert.equal((await storeTools(two, unitMs).claimed({ owner: "b" })).fence, 1);
    } finally {
      await one.close?.();
      await two.close?.();
    }
  });

  const { durable, shared, clock, control, tripwire, outage } = capabilities;
  const yes = (flag: boolean): string => (flag ? "yes" : "no");
  behaviour(
    `declares durable: ${yes(durable)}, shared: ${yes(shared)}, clock: ${clock}, ` +
      `control: ${yes(control)}, tripwire: ${yes(tripwire)}, outage: ${yes(outage)}`,
    async ({ store, fixture }) => {
      assert.deepEqual({ ...store.capabilities }, { durable, shared, clock });
      assert.equal(store.control !== undefined, control);
      assert.equal(store.tripwire !== undefined, tripwire);
      assert.equal(fixture.outage !== undefined, outage);
      assert.equal(fixture.another !== undefined, shared);
    },
  );

  claimBehaviours(behaviour);
  replayBehaviours(behaviour);
  effectBehaviours(behaviour);
  repetitionBehaviours(behaviour);
  tryBehaviours(behaviour);
  lostRecordBehaviours(behaviour);
  endingBehaviours(behaviour);
  attentionBehaviours(behaviour);
  if (control) controlBehaviours(behaviour);
  if (tripwire) tripwireBehaviours(behaviour);
  if (outage) outageBehaviours(behaviour);
  if (options.spoilings) unreadableBehaviours(behaviour, options.spoilings);
  modelBehaviours(behaviour, options.fc, options.runs ?? 100);
}

function outageBehaviours(behaviour: Behaviour): void {
  behaviour("throws while it is out of reach, and goes on afterwards", async (tools) => {
    const { store, fixture } = tools;
    const lease = await tools.claimed();
    const ref = await tools.begun(lease);
    const end = await fixture.outage?.();
    const down = { key: KEY, owner: "b", fence: 1 };
    const operations: (() => Promise<unknown>)[] = [
      () => store.claim([tools.request({ owner: "b" })]).then(repliesOf),
      () => store.extend([{ ...lease, leaseMs: 1 }]).then(repliesOf),
      () => store.begin(tools.start(down)),
      () => store.block(tools.block(down)),
      // Each may still be executed when the outage ends, so none may change what follows.
      () => store.settle(refOf(down), rejected),
      () => store.complete([down]).then(repliesOf),
      () => store.release([down]).then(repliesOf),
      () => store.bury(tools.burial()),
      () => store.resolve(`${KEY}-email-a-1-9`, "sent", { by: "b", why: "w" }),
      () => store.unresolved(),
      () => store.read([KEY]).then(repliesOf),
    ];
    await Promise.all(
      operations.map((operation) => assert.rejects(operation, StoreUnavailableError)),
    );
    await end?.();
    assert.equal(await store.settle(ref, accepted("id-1")), "settled");
    assert.deepEqual(await store.complete([lease]), ["done"]);
  });
}
