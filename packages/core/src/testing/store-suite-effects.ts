import assert from "node:assert/strict";

import { formatAttemptId } from "../identity/attempt-id.js";
import { repliesOf } from "../ports/index.js";
import {
  accepted,
  digest,
  FINGERPRINT,
  LONG,
  OTHER_FINGERPRINT,
  receipt,
  refOf,
  rejected,
  unknown,
  who,
  type Behaviour,
} from "./store-suite-tools.js";

/** What may be sent, and what is known of it. */
export function effectBehaviours(behaviour: Behaviour): void {
  behaviour("grants an attempt once, and the very same one again", async (tools) => {
    const { store } = tools;
    const lease = await tools.claimed();
    await tools.begun(lease);
    assert.equal(await store.begin(tools.start(lease)), "granted");
    const second = await store.begin(tools.start(lease, { attemptNumber: 2 }));
    assert.ok(typeof second === "object" && "unknown" in second);
    assert.equal(second.unknown.state, "unknown");
  });

  behaviour("begins for a live claim only", async (tools) => {
    const { store } = tools;
    const none = tools.start({ key: digest("none"), owner: "a", fence: 1 });
    assert.equal(await store.begin(none), "lost");
    const lapsed = await tools.lapsed({ owner: "a" });
    assert.equal(await store.begin(tools.start(lapsed)), "lost");
    const lease = await tools.claimed({ owner: "b" });
    assert.equal(await store.begin(tools.start({ ...lease, fence: lapsed.fence })), "lost");
    assert.equal(await store.begin(tools.start({ ...lease, owner: "a" })), "lost");
    await store.release([lease]);
    assert.equal(await store.begin(tools.start(lease)), "lost");
    assert.deepEqual((await tools.view()).effects, []);
  });

  behaviour("fixes the attempt's deadline at begin; extending moves nothing", async (tools) => {
    const lease = await tools.claimed();
    await tools.begun(lease, { timeoutMs: 1_000, validityMs: 5_000 });
    const before = await tools.effect();
    assert.equal(before.deadline - before.startedAt, 1_000);
    assert.equal(before.staleAt - before.deadline, 5_000);
    await tools.elapse(5);
    await tools.store.extend([{ ...lease, leaseMs: 2 * LONG }]);
    await tools.store.begin(tools.start(lease, { timeoutMs: 9_000 }));
    assert.deepEqual(await tools.effect(), before);
  });

  behaviour("keeps an attempt's times and name when another claim begins", async (tools) => {
    const { store } = tools;
    const first = await tools.claimed();
    await tools.begun(first, { timeoutMs: 7_000, validityMs: 11_000 });
    await tools.elapse(tools.unitMs);
    const before = await tools.effect();
    await store.release([first]);
    await tools.elapse(tools.unitMs);
    await tools.claimed({ owner: "b" });
    assert.deepEqual(await tools.effect(), { ...before, state: "unknown" });
  });

  behaviour("makes an expired sending unknown, never free", async (tools) => {
    const { store, unitMs } = tools;
    const lease = await tools.claimed({ leaseMs: unitMs });
    await tools.begun(lease);
    assert.equal((await tools.effect()).state, "sending");
    await tools.elapse(unitMs + 1);
    assert.equal((await tools.effect()).state, "unknown");
    const reply = await tools.claim({ owner: "b" });
    assert.ok(reply.status === "claimed" && reply.effects[0]?.state === "unknown");
    const next = { key: lease.key, owner: "b", fence: reply.fence };
    const again = await store.begin(tools.start(next));
    assert.ok(typeof again === "object" && "unknown" in again);
    assert.match(again.unknown.attemptId, /-email-a-1-1$/);
  });

  behaviour("makes a released sending unknown", async (tools) => {
    const lease = await tools.claimed();
    await tools.begun(lease);
    await tools.store.release([lease]);
    assert.equal((await tools.effect()).state, "unknown");
  });

  behaviour(
    "lets a live claim try again after a rejection, with a higher number only",
    async (tools) => {
      const { store } = tools;
      const lease = await tools.claimed();
      await store.settle(await tools.begun(lease, { attemptNumber: 2 }), rejected);
      assert.equal(await store.begin(tools.start(lease, { attemptNumber: 1 })), "lost");
      assert.equal(await store.begin(tools.start(lease, { attemptNumber: 2 })), "lost");
      assert.equal(await store.begin(tools.start(lease, { attemptNumber: 3 })), "granted");
    },
  );

  behaviour("loses a begin that comes after it was given up", async (tools) => {
    const { store } = tools;
    const lease = await tools.claimed();
    assert.equal(await store.settle(refOf(lease), rejected), "settled");
    assert.equal(await store.begin(tools.start(lease)), "lost");
    assert.equal(await store.begin(tools.start(lease, { attemptNumber: 2 })), "granted");
    assert.equal(await store.settle(refOf(lease, 3), rejected), "settled");
    assert.equal(await store.settle(refOf(lease, 2), rejected), "settled");
    assert.equal(await store.begin(tools.start(lease, { attemptNumber: 3 })), "lost");
  });

  behaviour("takes rejected for its own attempt only", async (tools) => {
    const { store } = tools;
    const lease = await tools.claimed();
    await store.settle(await tools.begun(lease), rejected);
    await tools.begun(lease, { attemptNumber: 2 });
    assert.equal(await store.settle(refOf(lease, 1), rejected), "settled");
    assert.equal((await tools.effect()).state, "sending");
    assert.equal(await store.settle({ ...refOf(lease, 2), owner: "z" }, rejected), "lost");
    assert.equal(await store.settle({ ...refOf(lease, 2), fence: 9 }, rejected), "lost");
    assert.equal((await tools.effect()).state, "sending");
  });

  behaviour("takes rejected of its own attempt also once the claim is stale", async (tools) => {
    const lease = await tools.claimed({ leaseMs: tools.unitMs });
    const ref = await tools.begun(lease);
    await tools.elapse(tools.unitMs + 1);
    const next = await tools.claimed({ owner: "b" });
    assert.equal(await tools.store.settle(ref, rejected), "settled");
    assert.equal(await tools.store.begin(tools.start(next)), "granted");
  });

  behaviour("takes unknown from the live claim only", async (tools) => {
    const { store, unitMs } = tools;
    const lease = await tools.claimed({ leaseMs: unitMs });
    const ref = await tools.begun(lease);
    assert.equal(await store.settle({ ...ref, attemptNumber: 2 }, unknown), "lost");
    assert.equal(await store.settle(ref, unknown), "settled");
    assert.equal(await store.settle(ref, unknown), "settled");
    const noted = await tools.effect();
    assert.deepEqual([noted.state, noted.reason], ["unknown", "timeout"]);
    await tools.elapse(unitMs + 1);
    assert.equal(await store.settle(ref, unknown), "lost");
  });

  behaviour("takes accepted from a stale owner, and tells whoever begins", async (tools) => {
    const { store } = tools;
    const lease = await tools.claimed({ leaseMs: tools.unitMs });
    const ref = await tools.begun(lease);
    await tools.elapse(tools.unitMs + 1);
    const next = await tools.claimed({ owner: "b" });
    assert.equal(await store.settle(ref, accepted("id-1")), "settled");
    const reply = await store.begin(tools.start(next));
    assert.deepEqual(reply, { accepted: receipt("id-1") });
    assert.deepEqual(await store.begin(tools.start(lease)), { accepted: receipt("id-1") });
    assert.deepEqual(await store.complete([next]), ["done"]);
  });

  behaviour("takes accepted of an attempt that counted as rejected", async (tools) => {
    const lease = await tools.claimed();
    const ref = await tools.begun(lease);
    await tools.store.settle(ref, rejected);
    assert.equal(await tools.store.settle(ref, accepted("id-1", "event")), "settled");
    assert.deepEqual((await tools.effect()).receipt, receipt("id-1", "event"));
    assert.equal(await tools.store.settle(ref, rejected), "lost");
    assert.equal((await tools.effect()).state, "accepted");
  });

  behaviour("takes accepted of an attempt it never saw begin", async (tools) => {
    const lease = await tools.claimed();
    const stranger = { ...refOf(lease), owner: "forgotten", fence: 7, attemptNumber: 2 };
    assert.equal(await tools.store.settle(stranger, accepted("id-1")), "settled");
    const effect = await tools.effect();
    assert.equal(effect.state, "accepted");
    assert.match(effect.attemptId, /-email-forgotten-7-2$/);
  });

  behaviour("takes a stranger's accepted while an own attempt is under way", async (tools) => {
    const { store } = tools;
    const lease = await tools.claimed();
    for (const [effect, other] of Object.entries({ owner: { owner: "z" }, fence: { fence: 9 } })) {
      const ref = await tools.begun(lease, { effect });
      assert.equal(await store.settle({ ...ref, ...other }, accepted("id-1")), "settled");
      const { attemptId, startedAt, deadline } = await tools.effect(effect);
      assert.equal(attemptId, formatAttemptId({ ...ref, ...other }));
      assert.equal(deadline, startedAt);
    }
    assert.equal((await tools.view()).owner, lease.owner);
    assert.deepEqual(await store.complete([lease]), ["done"]);
  });

  behaviour("takes accepted for the attempt that it names", async (tools) => {
    const ref = await tools.begun(await tools.claimed(), { attemptNumber: 2 });
    assert.equal(
      await tools.store.settle({ ...ref, attemptNumber: 1 }, accepted("id-1")),
      "settled",
    );
    const { attemptId, startedAt, deadline } = await tools.effect();
    assert.equal(attemptId, formatAttemptId({ ...ref, attemptNumber: 1 }));
    assert.equal(deadline, startedAt);
  });

  behaviour(
    "takes accepted for the effect that it names, and leaves others alone",
    async (tools) => {
      const { store } = tools;
      const lease = await tools.claimed();
      const ref = await tools.begun(lease);
      await store.settle(refOf(lease, 1, "sms"), accepted("id-1"));
      assert.equal((await tools.effect("email")).state, "sending");
      assert.equal((await tools.effect("sms")).state, "accepted");
      await tools.begun(lease, { effect: "push" });
      await store.settle(ref, accepted("id-2"));
      assert.equal((await tools.effect("push")).state, "sending");
      const [reply] = repliesOf(await store.complete([lease]));
      assert.ok(typeof reply === "object" && reply.unresolved[0]?.effect === "push");
    },
  );

  behaviour("leaves a later effect as it is when the first is accepted", async (tools) => {
    const lease = await tools.claimed();
    const ref = await tools.begun(lease);
    await tools.begun(lease, { effect: "sms" });
    await tools.store.settle(ref, accepted("id-1"));
    assert.equal((await tools.effect("sms")).state, "sending");
  });

  behaviour(
    "binds content at the first begin, also after evidence of another effect",
    async (tools) => {
      const { store } = tools;
      const lease = await tools.claimed();
      await store.settle(refOf(lease, 1, "sms"), accepted("id-1"));
      assert.equal((await tools.view()).fingerprint, undefined);
      await tools.begun(lease);
      assert.equal((await tools.view()).fingerprint, FINGERPRINT);
      const other = tools.start(lease, { effect: "push", fingerprint: OTHER_FINGERPRINT });
      assert.equal(await store.begin(other), "lost");
    },
  );

  behaviour("keeps to the content that a dry run has bound", async (tools) => {
    const { store } = tools;
    const dry = await tools.claimed({ simulated: true });
    await store.settle(await tools.begun(dry), accepted("sim", "simulated"));
    await store.complete([dry]);
    const live = await tools.claimed({ owner: "b" });
    const other = tools.start(live, { fingerprint: OTHER_FINGERPRINT });
    assert.equal(await store.begin(other), "lost");
    await tools.begun(live);
  });

  behaviour("takes accepted while another attempt is under way", async (tools) => {
    const { store } = tools;
    const lease = await tools.claimed({ leaseMs: tools.unitMs });
    const ref = await tools.begun(lease);
    await store.settle(ref, rejected);
    await tools.elapse(tools.unitMs + 1);
    const next = await tools.claimed({ owner: "b" });
    const second = await tools.begun(next);
    assert.equal(await store.settle(ref, accepted("id-1", "event")), "settled");
    assert.deepEqual(await store.settle(second, accepted("id-2")), {
      duplicateOf: receipt("id-1", "event"),
    });
  });

  behaviour("takes accepted after done", async (tools) => {
    const lease = await tools.claimed();
    const ref = await tools.begun(lease);
    assert.deepEqual(await tools.store.complete([{ ...lease, waived: { email: "no" } }]), ["done"]);
    assert.equal(await tools.store.settle(ref, accepted("id-1", "event")), "settled");
    assert.equal((await tools.effect()).state, "accepted");
  });

  behaviour("reports evidence of a key it has no record of, and stores nothing", async (tools) => {
    const ref = refOf({ key: digest("none"), owner: "a", fence: 1 });
    assert.equal(await tools.store.settle(ref, accepted("id-1", "event")), "unknownAttempt");
    assert.equal(await tools.store.settle(ref, rejected), "lost");
    assert.equal(await tools.store.settle(ref, unknown), "lost");
    assert.deepEqual(await tools.store.read([ref.key]), [undefined]);
  });

  behaviour("raises two different receipts as a duplicate, and keeps both", async (tools) => {
    const { store } = tools;
    const ref = await tools.begun(await tools.claimed());
    await store.settle(ref, accepted("id-1"));
    assert.equal(await store.settle(ref, accepted("id-1", "event")), "settled");
    const duplicate = { duplicateOf: receipt("id-1") };
    assert.deepEqual(await store.settle(ref, accepted("id-2", "event")), duplicate);
    assert.deepEqual(await store.settle(ref, accepted("id-2", "event")), duplicate);
    assert.deepEqual(await store.settle(ref, accepted("id-3")), duplicate);
    const { duplicates, effects } = await tools.view();
    assert.deepEqual(duplicates, { email: [receipt("id-2", "event"), receipt("id-3")] });
    assert.deepEqual(effects[0]?.receipt, receipt("id-1"));
  });

  behaviour("doesn't grow without bound under ever new receipts", async (tools) => {
    const ref = await tools.begun(await tools.claimed());
    for (let i = 0; i < 20; i += 1) await tools.store.settle(ref, accepted(`id-${i}`));
    assert.equal((await tools.view()).duplicates?.["email"]?.length, 10);
  });

  behaviour("fills an operator's sent with the first real id, without alarm", async (tools) => {
    const { store } = tools;
    const lease = await tools.claimed();
    const ref = await tools.begun(lease);
    await store.settle(ref, unknown);
    const { attemptId } = await tools.effect();
    assert.equal(await store.resolve(attemptId, "sent", who), "resolved");
    assert.equal((await tools.effect()).receipt?.id, null);
    assert.equal(await store.settle(ref, accepted("id-1", "event")), "settled");
    assert.deepEqual((await tools.effect()).receipt, receipt("id-1", "event"));
    assert.deepEqual(await store.settle(ref, accepted("id-2")), {
      duplicateOf: receipt("id-1", "event"),
    });
  });

  behaviour("keeps receipts and reasons exactly", async (tools) => {
    const { store } = tools;
    const lease = await tools.claimed();
    for (const [i, text] of TEXTS.entries()) {
      const effect = `e${i}`;
      const proof = { id: text, at: 1_767_225_600_123 + i, via: "provider" } as const;
      await tools.begun(lease, { effect });
      await store.settle(refOf(lease, 1, effect), { status: "accepted", receipt: proof });
      assert.deepEqual((await tools.effect(effect)).receipt, proof);
      await tools.begun(lease, { effect: `r${i}` });
      await store.settle(refOf(lease, 1, `r${i}`), { status: "rejected", reason: text });
      assert.equal((await tools.effect(`r${i}`)).reason, text);
    }
  });

  behaviour("keeps fifty effects of a fan-out apart and in order", async (tools) => {
    const lease = await tools.claimed();
    const names = Array.from({ length: 50 }, (_, i) => `email-part${(i * 37) % 50}`);
    await Promise.all(names.map((effect) => tools.begun(lease, { effect })));
    await Promise.all(
      names.map((effect, i) => tools.store.settle(refOf(lease, 1, effect), accepted(`id-${i}`))),
    );
    const { effects } = await tools.view();
    assert.deepEqual(
      effects.map(({ effect, receipt: proof }) => [effect, proof?.id]),
      names.map((name, i) => [name, `id-${i}`]),
    );
    assert.deepEqual(await tools.store.complete([lease]), ["done"]);
  });

  behaviour("blocks what was never begun, until an operator allows it", async (tools) => {
    const { store } = tools;
    const lease = await tools.claimed();
    assert.equal(await store.block(tools.block(lease)), "blocked");
    assert.equal(await store.block(tools.block(lease)), "blocked");
    const blocked = await store.begin(tools.start(lease, { attemptNumber: 2 }));
    assert.ok(typeof blocked === "object" && "blocked" in blocked);
    assert.equal(blocked.blocked.reason, "same content as another key");
    assert.equal(await store.resolve(blocked.blocked.attemptId, "allow", who), "resolved");
    assert.equal((await tools.effect()).allowed, true);
    assert.equal(await store.begin(tools.start(lease, { attemptNumber: 1 })), "lost");
    assert.equal(await store.begin(tools.start(lease, { attemptNumber: 2 })), "granted");
    assert.equal((await tools.effect()).allowed, true);
  });

  behaviour("completes what an operator dropped", async (tools) => {
    const { store } = tools;
    const lease = await tools.claimed();
    await store.block(tools.block(lease));
    const { attemptId } = await tools.effect();
    assert.equal(await store.resolve(attemptId, "drop", who), "resolved");
    const reply = await store.begin(tools.start(lease, { attemptNumber: 2 }));
    assert.ok(typeof reply === "object" && "dropped" in reply);
    assert.deepEqual(await store.complete([lease]), ["done"]);
  });

  behaviour("refuses to block what is under way, accepted or of a stale claim", async (tools) => {
    const { store } = tools;
    const stale = await tools.lapsed({ owner: "a" });
    assert.equal(await store.block(tools.block(stale)), "lost");
    const lease = await tools.claimed({ owner: "b" });
    const ref = await tools.begun(lease);
    const underWay = await store.block(tools.block(lease, { attemptNumber: 2 }));
    assert.ok(typeof underWay === "object" && underWay.refused.state === "sending");
    await store.settle(ref, accepted("id-1"));
    const settled = await store.block(tools.block(lease, { attemptNumber: 2 }));
    assert.ok(typeof settled === "object" && settled.refused.state === "accepted");
  });
}

const TEXTS: readonly string[] = [
  "0100018f2b3c4d5e-0b1f5a9e-7f3c-4d2e-9a77-000102030405-000000",
  "0100018F2B3C4D5E-0b1f5a9e-7f3c-4d2e-9a77-000102030405-000000",
  "0b1f5a9e-7f3c-4d2e-9a77-000102030405",
  "0b1f5a9e7f3c4d2e9a77-000102030405---",
  "00112233445566778899aabbccddeeff",
  "v1:00112233445566778899aabbccddeeff",
  "v1:0011223344556677-8899aabbccddeeff",
  "=",
  "\u0001\u0002",
  "a\u0000b\r\n",
  "Zoë 🩺 \u202E",
  "x".repeat(5_000),
  "null",
  '{"id":1}',
];
