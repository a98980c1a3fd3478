import assert from "node:assert/strict";

import { repliesOf } from "../ports/index.js";
import {
  accepted,
  FINGERPRINT,
  KEY,
  LONG,
  OTHER_FINGERPRINT,
  PIPELINE,
  refOf,
  rejected,
  unknown,
  who,
  type Behaviour,
} from "./store-suite-tools.js";

/** How a key's work ends: complete, dead-lettered, forgotten. */
export function endingBehaviours(behaviour: Behaviour): void {
  behaviour("completes only when every effect ever begun is accepted", async (tools) => {
    const { store } = tools;
    const lease = await tools.claimed();
    const ref = await tools.begun(lease);
    for (const outcome of [undefined, unknown, rejected]) {
      if (outcome) await store.settle(ref, outcome);
      const [reply] = repliesOf(await store.complete([lease]));
      assert.ok(typeof reply === "object", `completed after ${outcome?.status ?? "begin"}`);
      assert.deepEqual(
        reply.unresolved.map(({ effect }) => effect),
        ["email"],
      );
    }
    await store.settle(ref, accepted("id-1"));
    assert.deepEqual(await store.complete([lease]), ["done"]);
  });

  behaviour("completes for the claim that holds it, and for no other", async (tools) => {
    const { store } = tools;
    const lease = await tools.claimed();
    await store.settle(await tools.begun(lease), accepted("id-1"));
    assert.deepEqual(await store.complete([{ ...lease, owner: "z" }]), ["lost"]);
    assert.deepEqual(await store.complete([{ ...lease, fence: 9 }]), ["lost"]);
    assert.equal((await tools.view()).state, "claimed");
    assert.deepEqual(await store.complete([lease]), ["done"]);
  });

  behaviour("completes only when effects after the first are accepted, too", async (tools) => {
    const { store } = tools;
    const lease = await tools.claimed();
    await store.settle(await tools.begun(lease), accepted("id-1"));
    await store.settle(await tools.begun(lease, { effect: "sms" }), rejected);
    const [reply] = repliesOf(await store.complete([lease]));
    assert.ok(typeof reply === "object" && reply.unresolved[0]?.effect === "sms");
  });

  behaviour("remembers an effect of an earlier claim when it completes", async (tools) => {
    const { store } = tools;
    const first = await tools.claimed();
    await store.settle(await tools.begun(first), rejected);
    await store.release([first]);
    const second = await tools.claimed({ owner: "b" });
    const [reply] = repliesOf(await store.complete([second]));
    assert.ok(typeof reply === "object" && reply.unresolved.length === 1);
  });

  behaviour("completes what was waived by name, with its reason", async (tools) => {
    const { store } = tools;
    const lease = await tools.claimed();
    await store.settle(await tools.begun(lease), rejected);
    const [other] = repliesOf(await store.complete([{ ...lease, waived: { sms: "no phone" } }]));
    assert.ok(typeof other === "object");
    const waived = { email: "no address: Zoë" };
    assert.deepEqual(await store.complete([{ ...lease, waived }]), ["done"]);
    assert.deepEqual((await tools.view()).waived, waived);
  });

  behaviour("binds the content of a key that ends without any effect", async (tools) => {
    const { store } = tools;
    const lease = await tools.claimed();
    assert.deepEqual(await store.complete([{ ...lease, fingerprint: FINGERPRINT }]), ["done"]);
    assert.equal((await tools.view()).fingerprint, FINGERPRINT);
    const [other] = repliesOf(
      await store.claim([
        {
          key: lease.key,
          keyText: "",
          pipeline: PIPELINE,
          owner: "b",
          leaseMs: LONG,
          messageId: "m2",
          fingerprint: OTHER_FINGERPRINT,
        },
      ]),
    );
    assert.equal(other?.status, "conflict");
  });

  behaviour(
    "forgets the readable key once all is accepted, and keeps it until then",
    async (tools) => {
      const { store } = tools;
      const lease = await tools.claimed();
      assert.equal((await tools.view()).keyText, '["tis","form-updated","t1"]');
      const ref = await tools.begun(lease);
      await store.settle(ref, accepted("id-1"));
      await store.complete([lease]);
      assert.equal((await tools.view()).keyText, undefined);
    },
  );

  behaviour("completes and releases by owner and fence, also after the lease", async (tools) => {
    const { store } = tools;
    const lapsed = await tools.lapsed();
    assert.deepEqual(await store.complete([lapsed]), ["done"]);
    assert.deepEqual(await store.complete([lapsed]), ["done"]);
    assert.deepEqual(await store.complete([{ ...lapsed, fence: 9 }]), ["lost"]);
    assert.deepEqual(await store.complete([{ ...lapsed, owner: "b" }]), ["lost"]);
    assert.deepEqual(await store.release([lapsed]), ["lost"]);
  });

  behaviour("marks the record dead before the letter is copied", async (tools) => {
    const { store } = tools;
    const lease = await tools.claimed();
    await store.settle(await tools.begun(lease), rejected);
    const claim = { owner: lease.owner, fence: lease.fence };
    assert.equal(await store.bury(tools.burial()), "busy");
    assert.equal(await store.bury(tools.burial({ claim: { ...claim, fence: 9 } })), "busy");
    assert.equal(await store.bury(tools.burial({ claim })), "dead");
    assert.equal(await store.bury(tools.burial({ claim, reason: "another" })), "dead");
    const view = await tools.view();
    assert.deepEqual([view.state, view.fence, view.dead?.reason], ["dead", 2, "too many tries"]);
    assert.equal(view.dead?.messageId, "m1");
    assert.deepEqual(await store.complete([lease]), ["lost"]);
    assert.deepEqual(await store.release([lease]), ["lost"]);
    assert.equal(await store.begin(tools.start(lease, { attemptNumber: 2 })), "lost");
  });

  behaviour("sends the same message on its way, and lets a redriven copy claim", async (tools) => {
    const { store } = tools;
    assert.equal(await store.bury(tools.burial()), "dead");
    const same = await tools.claim({ owner: "b" });
    assert.deepEqual(same, { status: "dead", reason: "too many tries", effects: [] });
    const redriven = await tools.claimed({ owner: "b", messageId: "m2" });
    assert.equal(redriven.fence, 2);
    assert.equal((await tools.view()).dead, undefined);
  });

  behaviour("won't bury while an attempt could still be accepted", async (tools) => {
    const { store } = tools;
    const lease = await tools.claimed();
    await tools.begun(lease, { timeoutMs: 1_000, validityMs: 5_000 });
    const { staleAt } = await tools.effect();
    const claim = { owner: lease.owner, fence: lease.fence };
    assert.deepEqual(await store.bury(tools.burial({ claim })), { tooEarly: staleAt });
    await store.release([lease]);
    assert.deepEqual(await store.bury(tools.burial()), { tooEarly: staleAt });
  });

  behaviour("buries once the attempt is stale, and takes evidence later still", async (tools) => {
    const { store } = tools;
    const lease = await tools.claimed();
    const ref = await tools.begun(lease, { timeoutMs: 1, validityMs: 1 });
    await store.release([lease]);
    await tools.elapse(10);
    assert.equal(await store.bury(tools.burial()), "dead");
    const reply = await store.settle(ref, accepted("id-1", "event"));
    assert.ok(typeof reply === "object" && "settledAfterDeadLetter" in reply);
    assert.equal(reply.settledAfterDeadLetter.messageId, "m1");
    assert.equal((await tools.effect()).settledAfterDeadLetter, true);
    assert.equal(await store.settle(ref, accepted("id-1", "event")), "settled");
    const redriven = await tools.claimed({ owner: "b", messageId: "m2" });
    assert.deepEqual(await store.complete([redriven]), ["done"]);
  });

  behaviour("answers done to a burial that comes too late", async (tools) => {
    await tools.done();
    assert.equal(await tools.store.bury(tools.burial()), "done");
    assert.equal((await tools.view()).state, "done");
  });

  behaviour(
    "keeps a done record for its retention after it was last seen",
    async (tools) => {
      const { unitMs } = tools;
      await tools.done();
      for (let sighting = 0; sighting < 2; sighting += 1) {
        await tools.elapse(2 * unitMs);
        assert.equal((await tools.claim({ owner: "b" })).status, "done");
      }
      await tools.elapse(3 * unitMs + 10);
      assert.deepEqual(await tools.store.read([KEY]), [undefined]);
      assert.equal((await tools.claim({ owner: "b" })).status, "claimed");
    },
    { retentionUnits: 3 },
  );

  behaviour(
    "never forgets a record with an effect before it is done",
    async (tools) => {
      const { store, unitMs } = tools;
      const lease = await tools.claimed({ leaseMs: 1 * unitMs });
      await tools.begun(lease);
      await tools.elapse(4 * unitMs);
      assert.equal((await tools.effect()).state, "unknown");
      const held = { key: KEY, owner: "b", fence: 2 };
      await tools.claimed({ owner: "b", leaseMs: unitMs });
      await store.extend([{ ...held, leaseMs: 2 * unitMs }]);
      await store.release([held]);
      await tools.elapse(3 * unitMs);
      const { items } = await store.unresolved();
      assert.equal(items.length, 1);
    },
    { retentionUnits: 1 },
  );

  behaviour(
    "doesn't forget evidence that came to a dead record",
    async (tools) => {
      const { store, unitMs } = tools;
      await tools.claimed({ leaseMs: 1 });
      await tools.elapse(10);
      await store.bury(tools.burial());
      await store.settle(refOf({ key: KEY, owner: "a", fence: 1 }), accepted("id-1"));
      await tools.elapse(3 * unitMs);
      assert.equal((await tools.effect()).state, "accepted");
    },
    { retentionUnits: 2 },
  );

  behaviour(
    "keeps a lease that outlasts the retention",
    async (tools) => {
      const { store, unitMs } = tools;
      const lease = await tools.claimed({ leaseMs: 3 * unitMs });
      await store.extend([{ ...lease, leaseMs: 6 * unitMs }]);
      await tools.elapse(5 * unitMs);
      assert.equal((await tools.claim({ owner: "b" })).status, "busy");
      await tools.elapse(2.5 * unitMs);
      assert.deepEqual(await store.read([KEY]), [undefined]);
    },
    { retentionUnits: 1 },
  );

  behaviour(
    "forgets a released record without effects after the retention",
    async (tools) => {
      const lease = await tools.claimed();
      await tools.store.release([lease]);
      assert.equal((await tools.view()).state, "released");
      await tools.elapse(2 * tools.unitMs);
      assert.deepEqual(await tools.store.read([KEY]), [undefined]);
    },
    { retentionUnits: 1 },
  );

  behaviour(
    "doesn't shorten a done record's life when it changes",
    async (tools) => {
      const { store, unitMs } = tools;
      const lease = await tools.claimed();
      const ref = await tools.begun(lease);
      await store.complete([{ ...lease, waived: { email: "no" } }]);
      const { attemptId } = await tools.effect();
      await store.resolve(attemptId, "sent", who);
      await store.settle(ref, accepted("id-1", "event"));
      await tools.elapse(2 * unitMs);
      assert.equal((await tools.effect()).state, "accepted");
      await tools.elapse(2 * unitMs);
      assert.deepEqual(await store.read([KEY]), [undefined]);
    },
    { retentionUnits: 3 },
  );
}
