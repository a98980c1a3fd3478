import assert from "node:assert/strict";

import type { ControlFlags, TripwireCounters } from "../ports/index.js";
import { who, type Behaviour } from "./store-suite-tools.js";

/** Control flags, where the store keeps them. */
export function controlBehaviours(behaviour: Behaviour): void {
  const withControl = (name: string, body: (control: ControlFlags) => Promise<void>): void =>
    behaviour(name, async ({ store }) => {
      assert.ok(store.control, "the store declares control flags but has none");
      await body(store.control);
    });

  withControl("isn't paused unless told so", async (control) => {
    assert.deepEqual(await control.status("tis"), { pipelines: {} });
  });

  withControl("pauses and resumes a namespace and its pipelines apart", async (control) => {
    await control.pause("tis", undefined, who);
    await control.pause("tis", "form-updated", { by: "b", why: 'wrong "template"' });
    await control.pause("tis", "form-updated", { by: "b", why: 'wrong "template"' });
    await control.pause("other", "n", who);
    const { namespace, pipelines } = await control.status("tis");
    assert.deepEqual([namespace?.by, namespace?.why], [who.by, who.why]);
    assert.ok((namespace?.at ?? 0) > 0);
    assert.deepEqual(Object.keys(pipelines), ["form-updated"]);
    assert.equal(pipelines["form-updated"]?.why, 'wrong "template"');
    await control.resume("tis", undefined);
    await control.resume("tis", "never paused");
    assert.equal((await control.status("tis")).namespace, undefined);
    assert.deepEqual(Object.keys((await control.status("tis")).pipelines), ["form-updated"]);
    await control.resume("tis", "form-updated");
    assert.deepEqual(await control.status("tis"), { pipelines: {} });
    assert.deepEqual(Object.keys((await control.status("other")).pipelines), ["n"]);
  });

  withControl("tells what is paused to many who ask at once", async (control) => {
    await control.pause("tis", "letters", who);
    const asked = Array.from({ length: 5 }, () => control.status("tis"));
    for (const { pipelines } of await Promise.all(asked)) {
      assert.deepEqual(Object.keys(pipelines), ["letters"]);
    }
  });

  withControl("keeps the pause that stands from one that is set unless paused", async (control) => {
    const tripwire = { by: "tripwire", why: "too many" };
    await control.pause("tis", "letters", who);
    await control.pause("tis", undefined, who);
    const before = await control.status("tis");
    await control.pause("tis", "letters", tripwire, { unlessPaused: true });
    await control.pause("tis", undefined, tripwire, { unlessPaused: true });
    assert.deepEqual(await control.status("tis"), before);
    await control.resume("tis", "letters");
    await control.pause("tis", "letters", tripwire, { unlessPaused: true });
    const { by, why, at } = (await control.status("tis")).pipelines["letters"] ?? {};
    assert.deepEqual({ by, why }, tripwire);
    assert.ok((at ?? 0) > 0);
  });

  withControl("lets a pause take the place of one that was set unless paused", async (control) => {
    const tripwire = { by: "tripwire", why: "too many" };
    await control.pause("tis", "letters", tripwire, { unlessPaused: true });
    await control.pause("tis", "letters", who, { unlessPaused: false });
    const { by, why } = (await control.status("tis")).pipelines["letters"] ?? {};
    assert.deepEqual({ by, why }, who);
  });

  withControl("pauses unless paused for one of many at once, and keeps that", async (control) => {
    const names = Array.from({ length: 10 }, (_, i) => `replica ${i}`);
    await control.pause("tis", "letters", who);
    await control.resume("tis", "letters");
    const seen = await Promise.all(
      names.map(async (by) => {
        await control.pause("tis", "letters", { by, why: "too many" }, { unlessPaused: true });
        return (await control.status("tis")).pipelines["letters"]?.by;
      }),
    );
    assert.equal(new Set(seen).size, 1, `seen: ${seen.join(", ")}`);
  });
}

/** Reservations and counters of the tripwire, where the store keeps them. */
export function tripwireBehaviours(behaviour: Behaviour): void {
  const withTripwire = (
    name: string,
    body: (
      tripwire: TripwireCounters,
      time: { unitMs: number; elapse(ms: number): Promise<void> },
    ) => Promise<void>,
  ): void =>
    behaviour(name, async ({ store, ...time }) => {
      assert.ok(store.tripwire, "the store declares a tripwire but has none");
      await body(store.tripwire, time);
    });

  withTripwire("reserves content for one holder at a time", async (tripwire, time) => {
    const windowMs = 2 * time.unitMs;
    const mine = { digest: "d1", holder: "k1-email", fence: 1, windowMs };
    const theirs = { ...mine, holder: "k2-email" };
    assert.equal(await tripwire.reserve(mine), "reserved");
    assert.equal(await tripwire.reserve(mine), "reserved");
    assert.deepEqual(await tripwire.reserve(theirs), { taken: "k1-email" });
    assert.equal(await tripwire.reserve({ ...theirs, digest: "d2" }), "reserved");
    await time.elapse(windowMs + 10);
    assert.equal(await tripwire.reserve(theirs), "reserved");
  });

  withTripwire("gives back a holder's own reservation only", async (tripwire) => {
    const mine = { digest: "d1", holder: "k1-email", fence: 1, windowMs: 60_000 };
    const theirs = { ...mine, holder: "k2-email" };
    await tripwire.reserve(mine);
    await tripwire.free(theirs);
    assert.deepEqual(await tripwire.reserve(theirs), { taken: "k1-email" });
    await tripwire.free(mine);
    assert.equal(await tripwire.reserve(theirs), "reserved");
  });

  withTripwire(
    "keeps what was reserved again from late copies of earlier commands",
    async (tripwire) => {
      const first = { digest: "d1", holder: "k1-email", fence: 9, windowMs: 60_000 };
      const second = { ...first, fence: 10 };
      const theirs = { ...first, holder: "k2-email", fence: 1 };
      await tripwire.reserve(first);
      await tripwire.free(first);
      await tripwire.reserve(second);
      await tripwire.free(first);
      assert.deepEqual(await tripwire.reserve(theirs), { taken: "k1-email" });
      assert.equal(await tripwire.reserve(first), "reserved");
      await tripwire.free(first);
      assert.deepEqual(await tripwire.reserve(theirs), { taken: "k1-email" });
      await tripwire.free(second);
      assert.equal(await tripwire.reserve(theirs), "reserved");
    },
  );

  withTripwire("reserves for exactly one of many at once", async (tripwire) => {
    const replies = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        tripwire.reserve({ digest: "d1", holder: `k${i}`, fence: 1, windowMs: 60_000 }),
      ),
    );
    assert.equal(replies.filter((reply) => reply === "reserved").length, 1);
  });

  withTripwire("counts each member once within a sliding window", async (tripwire, time) => {
    const { unitMs } = time;
    const item = { counter: "c1", windowMs: 3 * unitMs };
    assert.equal(await tripwire.count({ ...item, member: "a" }), 1);
    assert.equal(await tripwire.count({ ...item, member: "a" }), 1);
    await time.elapse(2 * unitMs);
    assert.equal(await tripwire.count({ ...item, member: "b" }), 2);
    assert.equal(await tripwire.count({ ...item, counter: "c2", member: "a" }), 1);
    await time.elapse(2 * unitMs);
    assert.equal(await tripwire.count({ ...item, member: "c" }), 2);
  });
}
