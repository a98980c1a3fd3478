import assert from "node:assert/strict";

import { repliesOf, type ClaimReply } from "../ports/index.js";
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

const RACERS = 20;

/** Who may work on a key, and for how long. */
export function claimBehaviours(behaviour: Behaviour): void {
  behaviour("grants a key to exactly one of many who claim it at once", async (tools) => {
    const { store, request, fixture } = tools;
    const other = (await fixture.another?.()) ?? store;
    const replies = await Promise.all(
      Array.from({ length: RACERS }, (_, i) =>
        (i % 2 ? store : other).claim([request({ owner: `racer${i}` })]),
      ),
    );
    const statuses = repliesOf(replies.flat()).map(({ status }) => status);
    assert.equal(statuses.filter((status) => status === "claimed").length, 1);
    assert.equal(statuses.filter((status) => status === "busy").length, RACERS - 1);
  });

  behaviour("answers a batch in its order, also with a key twice in it", async (tools) => {
    const { store, request } = tools;
    const [one, two] = [digest("one"), digest("two")];
    const batch = [
      request({ key: one, owner: "a" }),
      request({ key: two, owner: "b" }),
      request({ key: one, owner: "c" }),
      request({ key: one, owner: "a" }),
    ];
    const replies = repliesOf(await store.claim(batch));
    assert.deepEqual(replies.map(brief), ["claimed 1", "claimed 1", "busy", "claimed 1"]);
    const extended = await store.extend([
      { key: two, owner: "b", fence: 1, leaseMs: LONG },
      { key: one, owner: "c", fence: 1, leaseMs: LONG },
      { key: one, owner: "a", fence: 1, leaseMs: LONG },
    ]);
    assert.deepEqual(extended, ["extended", "lost", "extended"]);
    const mine = { key: one, owner: "a", fence: 1 };
    const released = await store.release([{ ...mine, fence: 2 }, mine, mine]);
    assert.deepEqual(released, ["lost", "released", "released"]);
    const completed = repliesOf(
      await store.complete([
        { key: two, owner: "b", fence: 1 },
        { ...mine, owner: "c" },
      ]),
    );
    assert.deepEqual(completed, ["done", "lost"]);
    const views = repliesOf(await store.read([digest("none"), two, one]));
    assert.deepEqual(
      views.map((view) => view?.state),
      [undefined, "done", "released"],
    );
  });

  behaviour("answers an empty batch with an empty one", async ({ store }) => {
    assert.deepEqual(await store.claim([]), []);
    assert.deepEqual(await store.extend([]), []);
    assert.deepEqual(await store.complete([]), []);
    assert.deepEqual(await store.release([]), []);
    assert.deepEqual(await store.read([]), []);
  });

  behaviour("takes a repeated claim of the same owner as the same claim", async (tools) => {
    await tools.claimed();
    const { leaseUntil } = await tools.view();
    assert.equal(brief(await tools.claim({ leaseMs: 2 * LONG })), "claimed 1");
    assert.equal((await tools.view()).leaseUntil, leaseUntil);
  });

  behaviour("tells others how long it is busy, and since when", async (tools) => {
    const { unitMs, claim } = tools;
    await tools.claimed({ leaseMs: 4 * unitMs });
    const reply = await claim({ owner: "b" });
    assert.equal(reply.status, "busy");
    assert.ok(reply.retryAfterMs > 0 && reply.retryAfterMs <= 4 * unitMs, "a sane hint");
    assert.ok(reply.since > 0);
    await tools.elapse(reply.retryAfterMs + 1);
    assert.equal(brief(await claim({ owner: "b" })), "claimed 2");
  });

  behaviour("lets another take over once the lease is over, not before", async (tools) => {
    const { unitMs, claim } = tools;
    await tools.claimed({ leaseMs: 2 * unitMs });
    await tools.elapse(unitMs);
    assert.equal(brief(await claim({ owner: "b" })), "busy");
    await tools.elapse(unitMs + 1);
    assert.equal(brief(await claim({ owner: "b" })), "claimed 2");
  });

  behaviour("gives a released key to the next at once", async (tools) => {
    const lease = await tools.claimed();
    assert.deepEqual(await tools.store.release([lease]), ["released"]);
    assert.equal(brief(await tools.claim({ owner: "b" })), "claimed 2");
  });

  behaviour("never lets the fence fall: expiry, release, retry, burial", async (tools) => {
    const fences = [(await tools.lapsed({ owner: "a" })).fence];
    fences.push((await tools.lapsed({ owner: "a" })).fence);
    const third = await tools.claimed({ owner: "a" });
    await tools.store.release([third]);
    fences.push(third.fence, (await tools.lapsed({ owner: "a" })).fence);
    assert.equal(await tools.store.bury(tools.burial()), "dead");
    const { fence: ofDead } = await tools.view();
    const redriven = await tools.claimed({ owner: "a", messageId: "m2" });
    fences.push(ofDead, redriven.fence);
    assert.deepEqual(fences, [1, 2, 3, 4, 5, 6]);
  });

  behaviour("extends a live lease of its owner", async (tools) => {
    const { store, unitMs } = tools;
    const lease = await tools.claimed({ leaseMs: 2 * unitMs });
    assert.deepEqual(await store.extend([{ ...lease, leaseMs: LONG }]), ["extended"]);
    await tools.elapse(2 * unitMs + 1);
    assert.equal(brief(await tools.claim({ owner: "b" })), "busy");
  });

  behaviour("never shortens a lease", async (tools) => {
    const lease = await tools.claimed();
    const { leaseUntil } = await tools.view();
    assert.deepEqual(await tools.store.extend([{ ...lease, leaseMs: 1 }]), ["extended"]);
    assert.equal((await tools.view()).leaseUntil, leaseUntil);
  });

  behaviour("can't revive a lease that is over", async (tools) => {
    const lease = await tools.lapsed();
    assert.deepEqual(await tools.store.extend([{ ...lease, leaseMs: LONG }]), ["lost"]);
    assert.equal((await tools.view()).live, false);
  });

  behaviour("refuses to extend for a stale owner, fence or an unknown key", async (tools) => {
    const stale = await tools.lapsed({ owner: "a" });
    const lease = await tools.claimed({ owner: "b" });
    const replies = await tools.store.extend([
      { ...stale, leaseMs: LONG },
      { ...lease, fence: stale.fence, leaseMs: LONG },
      { ...lease, owner: "a", leaseMs: LONG },
      { ...lease, key: digest("none"), leaseMs: LONG },
    ]);
    assert.deepEqual(replies, ["lost", "lost", "lost", "lost"]);
  });

  behaviour("binds the content at the first begin, not before", async (tools) => {
    await tools.lapsed({ fingerprint: OTHER_FINGERPRINT });
    const lease = await tools.claimed({ owner: "b" });
    const other = tools.start(lease, { fingerprint: FINGERPRINT });
    assert.equal(await tools.store.begin(other), "granted");
    assert.equal((await tools.view()).fingerprint, FINGERPRINT);
    const changed = tools.start(lease, { effect: "sms", fingerprint: OTHER_FINGERPRINT });
    assert.equal(await tools.store.begin(changed), "lost");
  });

  for (const [state, prepare] of Object.entries(statesWithContent)) {
    behaviour(`answers other content with a conflict while it is ${state}`, async (tools) => {
      await prepare(tools);
      const before = await tools.view();
      const reply = await tools.claim({
        owner: "z",
        messageId: "m9",
        fingerprint: OTHER_FINGERPRINT,
      });
      assert.equal(reply.status, "conflict");
      assert.equal(reply.bound, FINGERPRINT);
      assert.equal(reply.effects.length, 1);
      assert.deepEqual(await tools.view(), before);
    });
  }

  behaviour("answers done to whoever claims later, with the receipts", async (tools) => {
    await tools.done();
    for (const owner of ["a", "b"]) {
      const reply = await tools.claim({ owner, messageId: "m2" });
      assert.equal(reply.status, "done");
      assert.deepEqual(reply.effects[0]?.receipt?.id, "id-1");
    }
  });

  behaviour("takes no simulated receipt for a live claim's", async (tools) => {
    const dry = await tools.claimed({ simulated: true });
    await tools.store.settle(await tools.begun(dry), accepted("sim-1", "simulated"));
    assert.deepEqual(await tools.store.complete([dry]), ["done"]);
    assert.equal((await tools.claim({ owner: "b", simulated: true })).status, "done");
    const live = await tools.claimed({ owner: "c" });
    assert.equal(live.fence, 2);
    assert.deepEqual((await tools.view()).effects, []);
    assert.equal(await tools.store.begin(tools.start(live)), "granted");
  });

  behaviour("keeps long, binary-like and hostile keys and texts apart and whole", async (tools) => {
    const { store, request } = tools;
    const requests = HOSTILE.map((key, i) =>
      request({ key, keyText: key, pipeline: key, messageId: key, owner: `o${i}` }),
    );
    const replies = repliesOf(await store.claim(requests));
    assert.deepEqual(
      replies.map(brief),
      HOSTILE.map(() => "claimed 1"),
    );
    const views = repliesOf(await store.read(HOSTILE));
    views.forEach((view, i) => {
      const { key, keyText, pipeline, messageId, owner } = requests[i] ?? request();
      assert.deepEqual(
        [view?.key, view?.keyText, view?.pipeline, view?.messageId, view?.owner],
        [key, keyText, pipeline, messageId, owner],
      );
    });
  });

  behaviour("judges leases by the store's clock, whatever the caller's says", async (tools) => {
    const { fixture, unitMs } = tools;
    await tools.claimed({ leaseMs: 4 * unitMs });
    fixture.skewCaller?.(24 * 60 * 60_000);
    assert.equal(brief(await tools.claim({ owner: "b" })), "busy");
    fixture.skewCaller?.(-24 * 60 * 60_000);
    assert.equal(brief(await tools.claim({ owner: "b" })), "busy");
    await tools.elapse(4 * unitMs + 1);
    assert.equal(brief(await tools.claim({ owner: "b" })), "claimed 2");
  });
}

const statesWithContent: Readonly<Record<string, (tools: StoreTools) => Promise<unknown>>> = {
  claimed: async (tools) => tools.begun(await tools.claimed()),
  "over its lease": async (tools) => {
    const lease = await tools.claimed({ leaseMs: tools.unitMs });
    await tools.begun(lease);
    await tools.elapse(tools.unitMs + 1);
  },
  released: async (tools) => {
    const lease = await tools.claimed();
    await tools.begun(lease);
    await tools.store.release([lease]);
  },
  done: async (tools) => tools.done(),
  dead: async (tools) => {
    const lease = await tools.claimed();
    await tools.store.settle(await tools.begun(lease), rejected);
    const claim = { owner: lease.owner, fence: lease.fence };
    assert.equal(await tools.store.bury(tools.burial({ claim })), "dead");
  },
};

const HOSTILE: readonly string[] = [
  KEY,
  "",
  "attention",
  "=attention",
  "k".repeat(10_000),
  "a\u0000b",
  "a\u0000c",
  "{b00}:attention",
  "a b\r\nFLUSHALL\r\n",
  "Zoë \u202Ealtered\u202C 🩺",
  "__proto__",
  "constructor",
  '"]}\\',
  "0".repeat(32),
  "-1",
  "%s%n",
  "v1:zz",
];

function brief(reply: ClaimReply | undefined): string {
  return reply?.status === "claimed" ? `claimed ${reply.fence}` : String(reply?.status);
}

/** Where one run of the same owner and fence is repeated, as clients do after a reconnect. */
export function replayBehaviours(behaviour: Behaviour): void {
  behaviour("is safe to repeat: every operation twice is as good as once", async (tools) => {
    const { store } = tools;
    const lease = await tools.claimed();
    const item = tools.start(lease);
    const ref = refOf(lease);
    const steps: (readonly [() => Promise<unknown>, unknown])[] = [
      [async () => brief(await tools.claim()), "claimed 1"],
      [() => store.extend([{ ...lease, leaseMs: LONG }]), ["extended"]],
      [() => store.begin(item), "granted"],
      [() => store.settle(ref, rejected), "settled"],
      [() => store.begin({ ...item, attemptNumber: 2 }), "granted"],
      [() => store.settle({ ...ref, attemptNumber: 2 }, accepted("id-1")), "settled"],
      [() => store.complete([lease]), ["done"]],
    ];
    for (const [step, expected] of steps) {
      assert.deepEqual(await step(), expected);
      const once = { ...(await tools.view()), leaseUntil: 0 };
      assert.deepEqual(await step(), expected);
      assert.deepEqual({ ...(await tools.view()), leaseUntil: 0 }, once);
    }
  });

  behaviour("changes nothing when what is over comes late", async (tools) => {
    const { store } = tools;
    const stale = await tools.claimed({ leaseMs: tools.unitMs });
    const ref = await tools.begun(stale);
    assert.equal(await store.settle(ref, rejected), "settled");
    await tools.elapse(tools.unitMs + 1);
    const lease = await tools.claimed({ owner: "b" });
    await tools.begun(lease);
    const before = await tools.view();
    assert.equal(await store.begin(tools.start(stale)), "lost");
    assert.equal(await store.begin(tools.start(stale, { attemptNumber: 2 })), "lost");
    assert.equal(await store.block(tools.block(stale, { effect: "sms" })), "lost");
    assert.equal(await store.settle(ref, rejected), "lost");
    assert.deepEqual(await store.extend([{ ...stale, leaseMs: LONG }]), ["lost"]);
    assert.deepEqual(await store.complete([stale]), ["lost"]);
    assert.deepEqual(await store.release([stale]), ["lost"]);
    assert.deepEqual(await tools.view(), before);
  });
}
