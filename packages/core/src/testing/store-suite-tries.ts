import assert from "node:assert/strict";

import { formatAttemptId } from "../identity/attempt-id.js";
import { refOf, rejected, who, type Behaviour, type StoreTools } from "./store-suite-tools.js";

/** How often a key was tried, whoever did it. */
export function tryBehaviours(behaviour: Behaviour): void {
  behaviour("counts every claim as a try until its release says otherwise", async (tools) => {
    const { store } = tools;
    assert.deepEqual(await claimedBy(tools, "a"), { tries: 1, unended: false });
    await store.release([{ ...tools.request(), fence: 1 }]);
    assert.deepEqual(await claimedBy(tools, "b"), { tries: 2, unended: false });
    for (const _ of ["told", "told again"]) {
      const lease = { ...tools.request({ owner: "b" }), fence: 2 };
      assert.deepEqual(await store.release([{ ...lease, untried: true }]), ["released"]);
    }
    assert.deepEqual(await claimedBy(tools, "c"), { tries: 2, unended: false });
    assert.equal((await tools.view()).tries, 2);
  });

  behaviour("counts a claim that ended without a word, and says so to the next", async (tools) => {
    await tools.lapsed({ owner: "a" });
    await tools.lapsed({ owner: "b" });
    const third = await claimedBy(tools, "c");
    assert.deepEqual(third, { tries: 3, unended: true });
    // A replay under a live lease moves nothing.
    assert.equal((await claimedBy(tools, "c")).tries, 3);
  });

  behaviour("takes no try back for who doesn't have the claim", async (tools) => {
    const lapsed = await tools.lapsed({ owner: "a" });
    await tools.claimed({ owner: "b" });
    assert.deepEqual(await tools.store.release([{ ...lapsed, untried: true }]), ["lost"]);
    assert.equal((await tools.view()).tries, 2);
  });

  behaviour("starts counting again once its message was dead-lettered", async (tools) => {
    const { store } = tools;
    await tools.lapsed({ owner: "a" });
    await tools.lapsed({ owner: "b" });
    assert.equal(await store.bury(tools.burial()), "dead");
    assert.equal((await tools.view()).tries, 0);
    const copy = await tools.claim({ owner: "c", messageId: "m2" });
    assert.ok(copy.status === "claimed" && copy.tries === 1 && !copy.unended);
  });

  behaviour("starts counting again after a verdict, and not after a resend", async (tools) => {
    const { store } = tools;
    await tools.lapsed({ owner: "a" });
    const lease = await tools.claimed({ owner: "b" });
    const moment = { timeoutMs: 1, validityMs: 1 };
    const first = await tools.begun(lease, moment);
    await store.release([lease]);
    await store.resolve(formatAttemptId(first), "resend", who);
    assert.equal((await tools.view()).tries, 2);
    const again = await tools.claimed({ owner: "c" });
    await store.settle(await tools.begun(again, moment), rejected);
    await store.release([again]);
    await tools.elapse(10);
    assert.equal(await store.resolve(formatAttemptId(refOf(again)), "not-sent", who), "resolved");
    assert.equal((await tools.view()).tries, 0);
    assert.equal((await claimedBy(tools, "d")).tries, 1);
  });
}

async function claimedBy(tools: StoreTools, owner: string) {
  const reply = await tools.claim({ owner });
  assert.ok(reply.status === "claimed");
  return { tries: reply.tries, unended: reply.unended };
}
