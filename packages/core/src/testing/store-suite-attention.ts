import assert from "node:assert/strict";

import { parseAttemptId } from "../identity/attempt-id.js";
import type { DedupeStore, UnresolvedItem } from "../ports/index.js";
import {
  accepted,
  digest,
  FINGERPRINT,
  KEY,
  OTHER_FINGERPRINT,
  PIPELINE,
  refOf,
  rejected,
  unknown,
  who,
  type Behaviour,
} from "./store-suite-tools.js";

/** What an operator or a reconciler sees and decides. */
export function attentionBehaviours(behaviour: Behaviour): void {
  behaviour("lists what is unknown or blocked, with all an operator needs", async (tools) => {
    const { store } = tools;
    const lease = await tools.claimed();
    await tools.begun(lease);
    assert.deepEqual((await store.unresolved()).items, [], "sending under a live claim is no news");
    await store.settle(refOf(lease), unknown);
    const { items } = await store.unresolved();
    assert.deepEqual(items, [
      {
        key: KEY,
        keyText: '["tis","form-updated","t1"]',
        pipeline: PIPELINE,
        messageId: "m1",
        attempt: await tools.effect(),
      },
    ]);
    const ref = parseAttemptId(items[0]?.attempt.attemptId ?? "");
    assert.deepEqual(ref, refOf(lease));
  });

  behaviour("lists a sending whose lease is over, without anyone noting it", async (tools) => {
    const lease = await tools.claimed({ leaseMs: tools.unitMs });
    await tools.begun(lease);
    await tools.elapse(tools.unitMs + 1);
    const { items } = await tools.store.unresolved();
    assert.deepEqual(
      items.map(({ attempt }) => attempt.state),
      ["unknown"],
    );
  });

  behaviour("says which of them were dead-lettered", async (tools) => {
    const { store } = tools;
    const lease = await tools.claimed();
    await tools.begun(lease, { timeoutMs: 1, validityMs: 1 });
    await store.release([lease]);
    await tools.elapse(10);
    await store.bury(tools.burial());
    const { items } = await store.unresolved();
    assert.equal(items[0]?.dead?.reason, "too many tries");
  });

  behaviour("drops from the list whatever is settled, by whomever", async (tools) => {
    const { store } = tools;
    const settle: ((effect: string) => Promise<unknown>)[] = [
      (effect) => store.settle(refOf(lease, 1, effect), accepted("id-1")),
      (effect) => store.settle(refOf(lease, 1, effect), rejected),
      async (effect) => store.resolve((await tools.effect(effect)).attemptId, "sent", who),
    ];
    const lease = await tools.claimed();
    const names = settle.map((_, i) => `email-part${i}`);
    for (const effect of names) {
      await tools.begun(lease, { effect });
      await store.settle(refOf(lease, 1, effect), unknown);
    }
    await store.block(tools.block(lease, { effect: "sms" }));
    for (const [i, effect] of names.entries()) {
      assert.equal((await store.unresolved()).items.length, names.length + 1 - i);
      await settle[i]?.(effect);
    }
    await store.resolve((await tools.effect("sms")).attemptId, "allow", who);
    assert.deepEqual(await store.unresolved(), { items: [], unreadable: [] });
  });

  behaviour(
    "pages through many, oldest first, each once, though some are settled",
    async (tools) => {
      const { store, request } = tools;
      const keys = Array.from({ length: PAGED }, (_, i) => digest(`paged ${i}`));
      for (const key of keys) {
        await store.claim([request({ key })]);
        const lease = { key, owner: "a", fence: 1 };
        await store.begin(tools.start(lease));
        await store.settle(refOf(lease), unknown);
      }
      const seen: UnresolvedItem[] = [];
      let cursor: string | undefined;
      do {
        const page = await store.unresolved(cursor);
        seen.push(...page.items);
        // Settling what was shown must not make the next page skip anything.
        for (const { key } of page.items.slice(0, 5)) {
          await store.settle(refOf({ key, owner: "a", fence: 1 }), accepted("id-1"));
        }
        cursor = page.next;
      } while (cursor !== undefined);
      assert.equal(new Set(seen.map(({ key }) => key)).size, PAGED);
      assert.equal(seen.length, PAGED);
      const times = seen.map(({ attempt }) => attempt.startedAt);
      assert.deepEqual(
        times,
        [...times].sort((a, b) => a - b),
      );
    },
  );

  behaviour("judges the attempt that is named, and no other", async (tools) => {
    const { store } = tools;
    const lease = await tools.claimed({ leaseMs: tools.unitMs });
    await store.settle(await tools.begun(lease), rejected);
    const { attemptId: old } = await tools.effect();
    await tools.elapse(tools.unitMs + 1);
    const next = await tools.claimed({ owner: "b" });
    await store.settle(await tools.begun(next, { timeoutMs: 1, validityMs: 1 }), unknown);
    await tools.elapse(10);
    assert.equal(await store.resolve(old, "not-sent", who), "notFound");
    assert.equal(await store.resolve(`${digest("none")}-email-a-1-1`, "sent", who), "notFound");
    assert.equal(await store.resolve("nonsense", "sent", who), "notFound");
    assert.equal((await tools.effect()).state, "unknown");
    const { attemptId } = await tools.effect();
    assert.equal(await store.resolve(attemptId, "not-sent", who), "resolved");
    assert.equal((await tools.effect()).state, "rejected");
    const { resolutions } = await tools.view();
    assert.deepEqual(
      resolutions?.map(({ at: _, ...rest }) => rest),
      [{ attemptId, verdict: "not-sent", ...who }],
    );
  });

  behaviour("can't know that it wasn't sent before the signature is stale", async (tools) => {
    const { store } = tools;
    const lease = await tools.claimed();
    await store.settle(await tools.begun(lease), unknown);
    const { attemptId, staleAt } = await tools.effect();
    assert.deepEqual(await store.resolve(attemptId, "not-sent", who), { tooEarly: staleAt });
    assert.equal((await tools.effect()).state, "unknown");
  });

  behaviour("lets another attempt follow without knowing, where told to resend", async (tools) => {
    const { store } = tools;
    const lease = await tools.claimed();
    await store.settle(await tools.begun(lease), unknown);
    const { attemptId } = await tools.effect();
    assert.equal(await store.resolve(attemptId, "resend", who), "resolved");
    assert.equal(await store.begin(tools.start(lease, { attemptNumber: 2 })), "granted");
    assert.equal(await store.resolve(attemptId, "resend", who), "notFound");
    assert.equal((await tools.effect()).state, "sending");
  });

  behaviour("gives no verdict over a claim that is sending", async (tools) => {
    const { store } = tools;
    await tools.begun(await tools.claimed(), { timeoutMs: 1, validityMs: 1 });
    const { attemptId } = await tools.effect();
    for (const verdict of ["sent", "not-sent"] as const) {
      const reply = await store.resolve(attemptId, verdict, who);
      assert.ok(typeof reply === "object" && "tooEarly" in reply, verdict);
    }
    for (const verdict of ["resend", "allow", "drop"] as const) {
      assert.deepEqual(await store.resolve(attemptId, verdict, who), { already: "sending" });
    }
  });

  behaviour("answers what already is to a verdict that comes late", async (tools) => {
    const { store } = tools;
    const ref = await tools.begun(await tools.claimed());
    await store.settle(ref, unknown);
    const { attemptId } = await tools.effect();
    await store.settle(ref, accepted("id-1", "event"));
    for (const verdict of ["sent", "not-sent", "resend", "allow", "drop"] as const) {
      assert.deepEqual(await store.resolve(attemptId, verdict, who), { already: "accepted" });
    }
    assert.equal((await tools.view()).resolutions, undefined);
  });

  behaviour("accepts another payload under a key when an operator says so", async (tools) => {
    const { store } = tools;
    const lease = await tools.claimed();
    await store.settle(await tools.begun(lease), rejected);
    await store.release([lease]);
    const { attemptId } = await tools.effect();
    const verdict = { acceptPayload: OTHER_FINGERPRINT };
    assert.equal(await store.resolve(attemptId, verdict, who), "resolved");
    assert.equal((await tools.claim({ fingerprint: FINGERPRINT })).status, "conflict");
    const reply = await tools.claim({ owner: "b", fingerprint: OTHER_FINGERPRINT });
    assert.equal(reply.status, "claimed");
    assert.equal((await tools.view()).resolutions?.[0]?.verdict, "accept-payload");
  });

  behaviour("shows what it knows without changing it", async (tools) => {
    const lease = await tools.claimed();
    await tools.begun(lease);
    const before = await tools.view();
    assert.deepEqual(await tools.view(), before);
    assert.deepEqual(
      [before.state, before.live, before.owner, before.fence, before.messageId],
      ["claimed", true, "a", 1, "m1"],
    );
    assert.ok(before.leaseUntil > 0);
    assert.deepEqual(await readOne(tools.store, digest("none")), undefined);
  });
}

/** More than two pages of any sensible size would take long; the fixture's pages are small. */
const PAGED = 23;

async function readOne(store: DedupeStore, key: string) {
  const [view] = await store.read([key]);
  return view;
}
