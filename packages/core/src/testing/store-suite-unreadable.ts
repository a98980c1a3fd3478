import assert from "node:assert/strict";

import { UnreadableRecordError } from "../errors.js";
import { repliesOf } from "../ports/index.js";
import {
  accepted,
  digest,
  FINGERPRINT,
  KEY,
  LONG,
  OTHER_FINGERPRINT,
  refOf,
  rejected,
  type Behaviour,
  type StoreTools,
} from "./store-suite-tools.js";

const HEALTHY = digest("healthy");
const NEW = digest("new");
const who = { by: "operator", why: "test" };

/** Whatever a store can't read it neither grants nor touches, and only that key is concerned. */
export function unreadableBehaviours(behaviour: Behaviour, spoilings: readonly string[]): void {
  for (const how of spoilings) {
    behaviour(`fails closed for a record with ${how}, and for nothing beside it`, async (tools) => {
      await tools.done();
      const healthy = await tools.claimed({ key: HEALTHY });
      const mend = await spoiled(tools, how);
      await eachAlone(tools, healthy);
      await mend();
      const [again] = repliesOf(await tools.store.claim([tools.request({ owner: "c" })]));
      assert.equal(again?.status, "done");
      assert.deepEqual((await tools.store.unresolved()).unreadable, []);
    });

    behaviour(`lists a record with ${how} once, and goes on listing others`, async (tools) => {
      const { store } = tools;
      const [bad, good] = [await tools.claimed(), await tools.claimed({ key: HEALTHY })];
      for (const lease of [bad, good]) {
        await store.settle(await tools.begun(lease), accepted("id-1"));
        await tools.begun(lease, { effect: "sms" });
        await store.release([lease]);
      }
      const mend = await spoiled(tools, how);
      await store.read([KEY]);
      const { items, unreadable } = await allUnresolved(tools);
      assert.deepEqual(
        items.map(({ key }) => key),
        [HEALTHY],
      );
      assert.equal(unreadable.length, 1);
      const [listed] = unreadable;
      assert.equal(listed?.key, KEY);
      assert.ok((listed?.why ?? "") !== "", "says why");
      await mend();
      const mended = await allUnresolved(tools);
      assert.deepEqual(mended.items.map(({ key }) => key).sort(), [HEALTHY, KEY].sort());
      assert.deepEqual(mended.unreadable, []);
    });
  }

  behaviour("keeps what a later release has added to a record", async (tools) => {
    const { store, fixture } = tools;
    const first = await tools.claimed();
    const ref = await tools.begun(first);
    const isKept = await fixture.addFromLater?.(KEY);
    const check = async (after: string) => assert.ok(await isKept?.(), `kept after ${after}`);
    await check("it was added");
    await store.extend([{ ...first, leaseMs: 2 * LONG }]);
    await check("extend");
    await store.settle(ref, rejected);
    await check("settle");
    await store.release([first]);
    await check("release");
    const second = await tools.claimed({ owner: "b" });
    await check("claim");
    await store.block(tools.block(second, { effect: "sms" }));
    await check("block");
    await store.release([second]);
    await store.resolve(`${KEY}-sms-b-2-1`, "drop", who);
    await check("resolve");
    await store.bury(tools.burial());
    await check("bury");
    await store.settle(ref, accepted("id-1"));
    await check("late evidence");
    const third = await tools.claimed({ owner: "c", messageId: "redriven" });
    assert.deepEqual(await store.complete([third]), ["done"]);
    await check("complete");
  });

  behaviour("takes content bound in a later version for other content", async (tools) => {
    const { store } = tools;
    const later = "v2:00112233445566778899aabbccddeeff";
    const lease = await tools.claimed({ fingerprint: later });
    await store.begin(tools.start(lease, { fingerprint: later }));
    await store.release([lease]);
    for (const fingerprint of [FINGERPRINT, OTHER_FINGERPRINT]) {
      const reply = await tools.claim({ owner: "b", fingerprint });
      assert.equal(reply.status, "conflict");
      assert.equal(reply.bound, later);
    }
    assert.equal((await tools.claim({ owner: "b", fingerprint: later })).status, "claimed");
  });
}

async function spoiled({ fixture }: StoreTools, how: string): Promise<() => Promise<void>> {
  const mend = await fixture.spoil?.(KEY, how);
  assert.ok(mend, "the fixture can't spoil a record");
  return mend;
}

/** Every operation, about the spoiled key, a healthy one and, where it can be, one that is new. */
async function eachAlone(tools: StoreTools, healthy: { owner: string; fence: number }) {
  const { store, request } = tools;
  const isAlone = (replies: readonly unknown[], others: readonly unknown[]): void => {
    const [bad, ...rest] = replies;
    assert.ok(bad instanceof UnreadableRecordError, `answered ${JSON.stringify(bad)}`);
    assert.equal(bad.key, KEY);
    assert.deepEqual(rest, others);
  };
  const claims = [request({ owner: "b" }), request({ key: NEW, owner: "b" })];
  isAlone(await store.claim(claims), [
    { status: "claimed", fence: 1, effects: [], tries: 1, unended: false },
  ]);
  const [spoiled, good] = [
    { key: KEY, owner: "a", fence: 1 },
    { key: HEALTHY, owner: healthy.owner, fence: healthy.fence },
  ];
  const extensions = [spoiled, good].map((lease) => ({ ...lease, leaseMs: LONG }));
  isAlone(await store.extend(extensions), ["extended"]);
  isAlone(await store.complete([spoiled, good]), ["done"]);
  isAlone(await store.release([spoiled, { ...good, key: NEW, owner: "b" }]), ["released"]);
  const [, view] = await store.read([KEY, HEALTHY]);
  assert.ok(view && !(view instanceof Error) && view.state === "done");
  const single: readonly (() => Promise<unknown>)[] = [
    () => store.begin(tools.start(spoiled, { attemptNumber: 2 })),
    () => store.block(tools.block(spoiled)),
    () => store.settle(refOf(spoiled), accepted("id-2")),
    () => store.settle(refOf(spoiled), rejected),
    () => store.bury(tools.burial()),
    () => store.resolve(`${KEY}-email-a-1-1`, "sent", who),
  ];
  for (const operation of single) await assert.rejects(operation, UnreadableRecordError);
}

async function allUnresolved({ store }: StoreTools) {
  const pages = [await store.unresolved()];
  for (let cursor = pages[0]?.next; cursor !== undefined; cursor = pages.at(-1)?.next) {
    pages.push(await store.unresolved(cursor));
  }
  return {
    items: pages.flatMap(({ items }) => items),
    unreadable: pages.flatMap(({ unreadable }) => unreadable),
  };
}
