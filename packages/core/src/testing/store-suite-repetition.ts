import assert from "node:assert/strict";

import { formatAttemptId } from "../identity/attempt-id.js";
import {
  accepted,
  rejected,
  unknown,
  who,
  type Behaviour,
  type StoreTools,
} from "./store-suite-tools.js";
import type { AttemptRef, Lease } from "../ports/index.js";

/** What an attempt of the suite takes from its start until it is stale. */
const SPAN_MS = 330_000;

/** What of an effect that isn't known to be unsent is begun again, and how that ends. */
export function repetitionBehaviours(behaviour: Behaviour): void {
  behaviour("begins an unknown effect again within a provider's window", async (tools) => {
    const { store } = tools;
    await unknownBy(tools, "a");
    const first = await tools.effect();
    const lease = await tools.claimed({ owner: "b" });
    const without = await store.begin(tools.start(lease));
    assert.ok(typeof without === "object" && "unknown" in without);
    assert.equal(await store.begin(within(tools, lease, 60_000)), "granted");
    const again = await tools.effect();
    assert.equal(again.state, "sending");
    assert.equal(again.unknownSince, first.startedAt);
  });

  behaviour("counts the window from the earliest attempt of unknown outcome", async (tools) => {
    const { store, unitMs } = tools;
    await unknownBy(tools, "a");
    await tools.elapse(2 * unitMs);
    const second = await tools.claimed({ owner: "b" });
    const tooLate = await store.begin(within(tools, second, unitMs));
    assert.ok(typeof tooLate === "object" && "unknown" in tooLate);
    const ref = await tools.begun(second, { repeatWithinMs: SPAN_MS + 60 * unitMs });
    await store.settle(ref, unknown);
    await store.release([second]);
    await tools.elapse(2 * unitMs);
    const third = await tools.claimed({ owner: "c" });
    const still = await store.begin(within(tools, third, 3 * unitMs));
    assert.ok(typeof still === "object" && "unknown" in still);
    assert.equal(await store.begin(within(tools, third, 60 * unitMs)), "granted");
  });

  behaviour("grants a repetition once", async (tools) => {
    const { store } = tools;
    await unknownBy(tools, "a");
    const lease = await tools.claimed({ owner: "b" });
    const start = within(tools, lease, 60_000);
    assert.equal(await store.begin(start), "granted");
    assert.equal(await store.begin(start), "granted");
    await store.settle({ ...start }, unknown);
    assert.equal(await store.begin(start), "lost");
  });

  behaviour("a refused repetition leads back to unknown, never to free", async (tools) => {
    const { store } = tools;
    const first = await unknownBy(tools, "a");
    const lease = await tools.claimed({ owner: "b" });
    const ref = await tools.begun(lease, { repeatWithinMs: SPAN_MS + 60_000 });
    for (const _ of ["told", "told again"]) {
      const reply = await store.settle(ref, rejected);
      assert.ok(typeof reply === "object" && "unknown" in reply);
      assert.equal(reply.unknown.attemptId, formatAttemptId(ref));
      assert.equal((await tools.effect()).state, "unknown");
    }
    const free = await store.begin(tools.start(lease, { attemptNumber: 2 }));
    assert.ok(typeof free === "object" && "unknown" in free);
    assert.equal(await store.settle(first, accepted("id-1")), "settled");
    const { state, unknownSince } = await tools.effect();
    assert.deepEqual([state, unknownSince], ["accepted", undefined]);
    assert.deepEqual(await store.complete([lease]), ["done"]);
  });

  behaviour("so does a refusal after the verdict resend", async (tools) => {
    const { store } = tools;
    const first = await unknownBy(tools, "a");
    assert.equal(await store.resolve(formatAttemptId(first), "resend", who), "resolved");
    assert.ok(typeof (await store.bury(tools.burial())) === "object", "buried too early");
    const lease = await tools.claimed({ owner: "b" });
    const reply = await store.settle(await tools.begun(lease), rejected);
    assert.ok(typeof reply === "object" && "unknown" in reply);
    await store.release([lease]);
    assert.equal((await tools.effect()).state, "unknown");
  });

  behaviour("and after one that the tripwire blocked and an operator allowed", async (tools) => {
    const { store } = tools;
    const first = await unknownBy(tools, "a");
    await store.resolve(formatAttemptId(first), "resend", who);
    const lease = await tools.claimed({ owner: "b" });
    assert.equal(await store.block(tools.block(lease)), "blocked");
    await store.resolve(formatAttemptId({ ...lease, ...EMAIL, attemptNumber: 1 }), "allow", who);
    const ref = await tools.begun(lease, { attemptNumber: 2 });
    const reply = await store.settle(ref, rejected);
    assert.ok(typeof reply === "object" && "unknown" in reply);
  });

  behaviour("an operator's not sent is about all that was begun so far", async (tools) => {
    const { store } = tools;
    const moment = { timeoutMs: 1, validityMs: 1 };
    const first = await unknownBy(tools, "a", moment);
    await store.resolve(formatAttemptId(first), "resend", who);
    const lease = await tools.claimed({ owner: "b" });
    const ref = await tools.begun(lease, moment);
    await store.settle(ref, rejected);
    await store.release([lease]);
    await tools.elapse(10);
    assert.equal(await store.resolve(formatAttemptId(ref), "not-sent", who), "resolved");
    const { state, unknownSince } = await tools.effect();
    assert.deepEqual([state, unknownSince], ["rejected", undefined]);
    const next = await tools.claimed({ owner: "c" });
    assert.equal(await store.settle(await tools.begun(next), rejected), "settled");
    assert.equal((await tools.effect()).state, "rejected");
  });

  behaviour("nothing is over before the last of all that was begun is stale", async (tools) => {
    const { store } = tools;
    const first = await unknownBy(tools, "a", { timeoutMs: 30_000, validityMs: 300_000 });
    const { staleAt } = await tools.effect();
    await store.resolve(formatAttemptId(first), "resend", who);
    const lease = await tools.claimed({ owner: "b" });
    await tools.begun(lease, { timeoutMs: 1, validityMs: 1 });
    assert.equal((await tools.effect()).staleAt, staleAt);
  });
}

const EMAIL = { effect: "email" };

/** A begin that may repeat, where all of it lies within so much after the first attempt's own span. */
function within(tools: StoreTools, lease: Lease, ms: number) {
  return tools.start(lease, { repeatWithinMs: SPAN_MS + ms });
}

/** An attempt of unknown outcome whose claim was given back. */
async function unknownBy(
  tools: StoreTools,
  owner: string,
  span: { readonly timeoutMs?: number; readonly validityMs?: number } = {},
): Promise<AttemptRef> {
  const lease = await tools.claimed({ owner });
  const ref = await tools.begun(lease, span);
  await tools.store.settle(ref, unknown);
  await tools.store.release([lease]);
  return ref;
}
