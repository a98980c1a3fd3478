import { describe, expect, it } from "vitest";
import fc from "../../../../scripts/seeded-fast-check.mjs";
import type { Lease } from "../ports/index.js";
import * as claims from "./claims.js";
import * as effects from "./effects.js";
import { viewRecord } from "./view.js";
import {
  type EffectRecord,
  type MaybeRecord,
  type NotificationRecord,
  unexpired,
} from "./record.js";
import { randomCommand, type Choices } from "../testing/store-suite-commands.js";
import { storeModel, type StoreModel } from "../testing/store-suite-table.js";
import { digest, LONG } from "../testing/store-suite-tools.js";

/** What holds after every command, whatever came before. */
type Invariant = (before: MaybeRecord, after: NotificationRecord) => void;

const KEY = digest("the key");
const RUNS = 500;

const steps = fc.array(
  fc.tuple(fc.nat(31), fc.nat(0), fc.nat(7), fc.nat(7), fc.nat(7), fc.constant(0)),
  { minLength: 1, maxLength: 40 },
);

async function holdsAlways(invariant: Invariant): Promise<void> {
  const property = fc.asyncProperty(steps, async (choices) => {
    const model = storeModel();
    for (const choice of choices) {
      const before = model.records.get(KEY);
      await run(model, choice);
      const after = model.records.get(KEY);
      if (after) invariant(before, after);
    }
  });
  await fc.assert(property, { numRuns: RUNS });
}

async function run(model: StoreModel, choice: Choices): Promise<void> {
  const command = randomCommand(choice, [KEY], model);
  await command.run(model.store);
  if (command.lapse) model.advance(10);
}

function effectOf(record: MaybeRecord, name: string): EffectRecord | undefined {
  return record?.effects.find(({ effect }) => effect === name);
}

describe("a record, after any commands", () => {
  it("never lets its fence fall, and raises it by one at a time", () =>
    holdsAlways((before, after) => {
      expect([before?.fence ?? 0, (before?.fence ?? 0) + 1]).toContain(after.fence);
    }));

  it("never forgets an effect or an acceptance, but a simulated one", () =>
    holdsAlways((before, after) => {
      for (const { effect, state, receipt } of before?.effects ?? []) {
        if (receipt?.via === "simulated") continue;
        const now = effectOf(after, effect);
        expect(now).toBeDefined();
        if (state === "accepted") expect(now?.state).toBe("accepted");
      }
    }));

  it("lets an attempt follow another once that one was rejected, or is known to be open still", () =>
    holdsAlways((before, after) => {
      for (const effect of after.effects) {
        const known = effectOf(before, effect.effect);
        const isNew =
          effect.state === "sending" &&
          (known?.state !== "sending" ||
            known.attemptNumber !== effect.attemptNumber ||
            known.fence !== effect.fence);
        const wasSimulated = known?.receipt?.via === "simulated";
        if (!isNew || !known || wasSimulated || known.state === "rejected") continue;
        expect(known.state).toBe("unknown");
        expect(effect.unknownSince).toBe(known.unknownSince ?? known.startedAt);
      }
    }));

  it("forgets an attempt that isn't proven unsent only by a verdict or an acceptance", () =>
    holdsAlways((before, after) => {
      for (const effect of before?.effects ?? []) {
        if (effect.unknownSince === undefined) continue;
        const now = effectOf(after, effect.effect);
        const isJudged = now?.reason === "resolved not sent" || now?.state === "accepted";
        if (!isJudged) expect(now?.unknownSince).toBe(effect.unknownSince);
      }
    }));

  it("never expires with an effect before it is done", () =>
    holdsAlways((before, after) => {
      // What was made anew expires, until something else is begun or claimed.
      const wasAnew = before === undefined || before.expiresAt !== undefined;
      if (after.state === "released" && after.effects.length > 0 && wasAnew) return;
      if (after.state !== "done" && after.effects.length > 0) {
        expect(after.expiresAt).toBeUndefined();
      } else {
        expect(after.expiresAt).toBeGreaterThan(after.leaseUntil);
      }
    }));

  it("keeps a deadline as it was fixed at begin", () =>
    holdsAlways((before, after) => {
      for (const effect of after.effects) {
        const known = effectOf(before, effect.effect);
        const isSame = known?.owner === effect.owner && known.fence === effect.fence;
        if (!isSame || known.attemptNumber !== effect.attemptNumber) continue;
        expect(effect.deadline).toBe(known.deadline);
        expect(effect.staleAt).toBe(known.staleAt);
      }
    }));

  it("is only ever done with every effect accepted, dropped or waived", () =>
    holdsAlways((before, after) => {
      if (after.state !== "done" || before?.state === "done") return;
      const open = after.effects.filter(
        ({ effect, state }) =>
          state !== "accepted" && state !== "dropped" && after.waived?.[effect] === undefined,
      );
      expect(open).toEqual([]);
    }));

  it("knows its words until all of it is accepted", () =>
    holdsAlways((_before, after) => {
      const isOpen = after.effects.some(({ state }) => state !== "accepted");
      if (after.state !== "done" || isOpen) expect(after.keyText).toBeDefined();
    }));
});

describe("the table", () => {
  const policy = { retentionMs: 1_000 };
  const request = {
    key: KEY,
    keyText: "[]",
    pipeline: "p",
    owner: "a",
    leaseMs: LONG,
    messageId: "m",
    fingerprint: "v1:0",
  };
  const lease: Lease = { key: KEY, owner: "a", fence: 1 };

  it("answers with the same object where nothing changes, so that no write is needed", () => {
    const { record } = claims.claim(undefined, request, 0, policy);
    expect(claims.claim(record, request, 1, policy).record).toBe(record);
    expect(claims.claim(record, { ...request, owner: "b" }, 1, policy).record).toBe(record);
    expect(claims.complete(record, { ...lease, fence: 9 }, 1, policy).record).toBe(record);
    const start = { ...lease, effect: "email", attemptNumber: 1, timeoutMs: 1, validityMs: 1 };
    const begun = effects.begin(record, { ...start, fingerprint: "v1:0" }, 1).record;
    expect(effects.begin(begun, { ...start, fingerprint: "v1:0" }, 2).record).toBe(begun);
  });

  it("takes a record past its retention for none", () => {
    const { record } = claims.claim(undefined, { ...request, leaseMs: 10 }, 0, policy);
    expect(unexpired(record, 1_009)).toBe(record);
    expect(unexpired(record, 1_010)).toBeUndefined();
    expect(viewRecord(record, 1_010)).toBeUndefined();
    expect(claims.claim(record, request, 1_010, policy).reply).toMatchObject({ fence: 1 });
  });

  it("changes no record that it is given", () => {
    const property = fc.asyncProperty(steps, async (choices) => {
      const model = storeModel();
      for (const choice of choices) {
        deepFreeze(model.records.get(KEY));
        await run(model, choice);
      }
    });
    return fc.assert(property, { numRuns: RUNS });
  });
});

function deepFreeze(value: unknown): void {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  Object.values(value).forEach(deepFreeze);
}
