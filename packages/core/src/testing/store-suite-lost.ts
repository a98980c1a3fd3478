import assert from "node:assert/strict";

import type { AttemptRef } from "../ports/index.js";
import {
  accepted,
  FINGERPRINT,
  KEY,
  PIPELINE,
  receipt,
  refOf,
  rejected,
  unknown,
  who,
  type Behaviour,
} from "./store-suite-tools.js";
import { formatAttemptId } from "../identity/attempt-id.js";

const granted = {
  keyText: '["tis","form-updated","t1"]',
  pipeline: PIPELINE,
  messageId: "m1",
  fingerprint: FINGERPRINT,
};

/** An attempt of before the store forgot everything. */
const lost: AttemptRef = { key: KEY, effect: "email", owner: "a", fence: 3, attemptNumber: 1 };

/** What becomes of evidence whose record the store doesn't have, or that names an attempt it doesn't know. */
export function lostRecordBehaviours(behaviour: Behaviour): void {
  behaviour("makes a lost record anew for who was granted it and has the proof", async (tools) => {
    const { store } = tools;
    assert.equal(await store.settle(lost, accepted("id-1"), granted), "recreated");
    const { state, live, owner, fence, effects, ...view } = await tools.view();
    assert.deepEqual(
      { state, live, owner, fence },
      { state: "released", live: false, owner: "a", fence: 3 },
    );
    assert.deepEqual(effects[0]?.receipt, receipt("id-1"));
    const { keyText, pipeline, messageId, fingerprint } = view;
    assert.deepEqual({ keyText, pipeline, messageId, fingerprint }, granted);
    // A copy of the command changes nothing.
    assert.equal(await store.settle(lost, accepted("id-1"), granted), "settled");
    assert.deepEqual(await store.complete([{ ...lost, fence: 4 }]), ["lost"]);
    assert.deepEqual(await store.complete([{ ...lost, owner: "b" }]), ["lost"]);
    assert.deepEqual(await store.complete([lost]), ["done"]);
    assert.equal((await tools.claim({ owner: "b", messageId: "m2" })).status, "done");
  });

  behaviour("a record made anew can be claimed, and says what was accepted", async (tools) => {
    const { store } = tools;
    await store.settle(lost, accepted("id-1"), granted);
    const reply = await tools.claim({ owner: "b" });
    assert.ok(reply.status === "claimed" && reply.fence === 4);
    assert.equal(reply.effects[0]?.state, "accepted");
    assert.deepEqual(await store.complete([lost]), ["lost"]);
  });

  behaviour("makes no record of anything but a proof, nor over one that stands", async (tools) => {
    const { store } = tools;
    assert.equal(await store.settle(lost, rejected, granted), "lost");
    assert.equal(await store.settle(lost, unknown, granted), "lost");
    assert.equal(await store.settle(lost, accepted("id-1")), "unknownAttempt");
    assert.deepEqual(await store.read([KEY]), [undefined]);
    const lease = await tools.claimed({ owner: "b" });
    assert.equal(await store.settle(lost, accepted("id-1"), granted), "settled");
    assert.deepEqual([(await tools.view()).owner, (await tools.view()).fence], ["b", lease.fence]);
    assert.equal((await tools.effect()).state, "accepted");
  });

  behaviour(
    "an event of an attempt it doesn't know satisfies nothing, and frees nothing",
    async (tools) => {
      const { store } = tools;
      const lease = await tools.claimed({ owner: "b" });
      const told = accepted("foreign", "event");
      assert.equal(await store.settle(lost, told), "unknownAttempt");
      assert.equal((await tools.effect()).state, "unknown");
      const begun = await store.begin(tools.start(lease));
      assert.ok(typeof begun === "object" && "unknown" in begun);
      const open = await store.complete([lease]);
      assert.ok(typeof open[0] === "object" && "unresolved" in open[0]);
      await store.release([lease]);
      await tools.elapse(10);
      assert.equal(await store.resolve(formatAttemptId(lost), "not-sent", who), "resolved");
      const next = await tools.claimed({ owner: "c" });
      assert.equal(await store.begin(tools.start(next)), "granted");
    },
  );

  behaviour("nor do further events of it, which may not confirm the first", async (tools) => {
    const { store } = tools;
    const lease = await tools.claimed({ owner: "b" });
    const told = accepted("foreign", "event");
    // SES tells of one mail more than once. Nothing was begun, so that a lower fence isn't ours either.
    const foreign = [lost, lost, { ...lost, fence: 2 }, { ...lost, attemptNumber: 2 }];
    for (const ref of [...foreign, refOf(lease), lost]) {
      assert.equal(await store.settle(ref, told), "unknownAttempt");
      assert.equal((await tools.effect()).state, "unknown");
    }
    await store.settle(lost, rejected);
    assert.equal((await tools.effect()).state, "unknown");
    const open = await store.complete([lease]);
    assert.ok(typeof open[0] === "object" && "unresolved" in open[0]);
  });

  behaviour("an operator frees what such events left open, by the id listed", async (tools) => {
    const { store } = tools;
    const told = accepted("foreign", "event");
    const first = await tools.claimed({ owner: "b" });
    await store.settle(lost, told);
    await store.settle(lost, told);
    await store.release([first]);
    await tools.elapse(10);
    const free = async (): Promise<void> => {
      const { items } = await store.unresolved();
      assert.equal(items.length, 1);
      const attemptId = items[0]?.attempt.attemptId ?? "";
      assert.equal(await store.resolve(attemptId, "not-sent", who), "resolved");
      assert.equal((await tools.effect()).state, "rejected");
      assert.deepEqual((await store.unresolved()).items, []);
    };
    await free();
    // A third one tells nothing else than the first.
    assert.equal(await store.settle(lost, told), "unknownAttempt");
    assert.equal((await tools.effect()).state, "unknown");
    await tools.elapse(10);
    await free();
    const next = await tools.claimed({ owner: "c" });
    const ref = await tools.begun(next);
    assert.equal(await store.settle(lost, told), "unknownAttempt");
    assert.equal(await store.settle(ref, accepted("id-1")), "settled");
    assert.deepEqual(await store.complete([next]), ["done"]);
  });

  behaviour("or settles it, as the receipt of who sent it does", async (tools) => {
    const { store } = tools;
    const lease = await tools.claimed({ owner: "b" });
    for (const effect of ["email", "sms"]) {
      await store.settle({ ...lost, effect }, accepted("foreign", "event"));
    }
    await tools.elapse(10);
    const { attemptId } = await tools.effect();
    assert.equal(await store.resolve(attemptId, "sent", who), "resolved");
    assert.equal(await store.settle({ ...lost, effect: "sms" }, accepted("id-1")), "settled");
    assert.equal((await tools.effect()).state, "accepted");
    assert.equal((await tools.effect("sms")).state, "accepted");
    assert.deepEqual((await store.unresolved()).items, []);
    assert.deepEqual(await store.complete([lease]), ["done"]);
  });

  behaviour("nor do they settle what was rejected, or is unknown", async (tools) => {
    const { store } = tools;
    const told = accepted("foreign", "event");
    const lease = await tools.claimed({ owner: "b" });
    await store.settle(await tools.begun(lease), rejected);
    await store.settle(await tools.begun(lease, { effect: "sms" }), unknown);
    for (const effect of ["email", "sms"]) {
      const foreign = { ...lost, effect };
      assert.equal(await store.settle(foreign, told), "unknownAttempt");
      assert.equal(await store.settle(foreign, told), "unknownAttempt");
      const { state, attemptId } = await tools.effect(effect);
      assert.deepEqual([state, attemptId], ["unknown", formatAttemptId(refOf(lease, 1, effect))]);
    }
    const open = await store.complete([lease]);
    assert.ok(typeof open[0] === "object" && "unresolved" in open[0]);
  });

  behaviour("nor does it settle the attempt under way, or one of the same fence", async (tools) => {
    const { store } = tools;
    const lease = await tools.claimed({ owner: "b" });
    const ref = await tools.begun(lease);
    const forged = { ...ref, owner: "forged" };
    for (const foreign of [lost, forged, { ...ref, attemptNumber: 2 }]) {
      assert.equal(await store.settle(foreign, accepted("foreign", "event")), "unknownAttempt");
    }
    const effect = await tools.effect();
    assert.deepEqual([effect.state, effect.attemptId], ["unknown", formatAttemptId(ref)]);
    const reply = await store.settle(ref, rejected);
    assert.ok(typeof reply === "object" && "unknown" in reply);
    assert.equal(await store.settle(ref, accepted("id-1")), "settled");
    assert.deepEqual(await store.complete([lease]), ["done"]);
  });

  behaviour("an event of an earlier attempt of the record's settles it", async (tools) => {
    const { store } = tools;
    const first = await tools.claimed();
    const ref = await tools.begun(first);
    await store.settle(ref, rejected);
    await store.release([first]);
    const second = await tools.claimed({ owner: "b" });
    await tools.begun(second);
    assert.equal(await store.settle(ref, accepted("id-1", "event")), "settled");
    assert.equal((await tools.effect()).state, "accepted");
  });

  behaviour("keeps the last 20 verdicts", async (tools) => {
    const { store } = tools;
    const lease = await tools.claimed();
    const attemptId = formatAttemptId(refOf(lease));
    await tools.begun(lease);
    for (let i = 0; i < 23; i += 1) {
      const acceptPayload = `v1:${String(i).padStart(32, "0")}`;
      assert.equal(
        await store.resolve(attemptId, { acceptPayload }, { ...who, why: `${i}` }),
        "resolved",
      );
    }
    const whys = (await tools.view()).resolutions?.map(({ why }) => why);
    assert.deepEqual(
      whys,
      Array.from({ length: 20 }, (_, i) => `${i + 3}`),
    );
  });
}
