import { type DedupeStore, notificationKey } from "@exactly-once/core";
import type { AttemptRef, ClaimRequest, Lease, Outcome, Receipt } from "@exactly-once/core/ports";
import { formatAttemptId } from "@exactly-once/core/ports";

const FINGERPRINT = "v1:00112233445566778899aabbccddeeff";
const UUID = "0b1f5a9e-7f3c-4d2e-9a77-000102030405";
const SES_ID = "0100018f2b3c4d5e-0b1f5a9e-7f3c-4d2e-9a77-000102030405-000000";

/** When the samples' records were made. */
export const SAMPLED_AT = Date.UTC(2026, 10, 27, 12);

/** What a sample's record went through: the store's time passes by `wait`. */
export type Making = (tools: SampleTools) => Promise<unknown>;

export interface SampleTools {
  readonly store: DedupeStore;
  readonly key: string;
  wait(ms: number): void;
  claim(over?: Partial<ClaimRequest>): Promise<Lease>;
  begin(lease: Lease, attemptNumber?: number, effect?: string): Promise<AttemptRef>;
  block(lease: Lease): Promise<AttemptRef>;
}

const accepted = (id: string | null, via: Receipt["via"] = "provider"): Outcome => ({
  status: "accepted",
  receipt: { id, at: SAMPLED_AT + 321, via },
});
const refused: Outcome = { status: "rejected", reason: "throttled" };
const lost: Outcome = { status: "unknown", reason: "timeout" };
const who = { by: "operator", why: "asked the provider" };

/** Every value of the format stands in one of these, and every code. */
export const makings: Readonly<Record<string, Making>> = {
  claimed: ({ claim }) => claim(),
  "claimed for any message": ({ claim }) => claim({ messageId: "a queue's own: ünï" }),
  released: async ({ store, claim }) => store.release([await claim()]),
  "tried before, and ended without a word": async ({ claim, wait }) => {
    await claim();
    wait(120_000);
    await claim({ owner: "later" });
  },
  "released untried": async ({ store, claim }) =>
    store.release([{ ...(await claim()), untried: true }]),
  sending: async ({ claim, begin }) => begin(await claim()),
  "sending, its lease over": async ({ claim, begin, wait }) => {
    await begin(await claim());
    wait(120_000);
  },
  unknown: async ({ store, claim, begin }) => store.settle(await begin(await claim()), lost),
  accepted: async ({ store, claim, begin }) =>
    store.settle(await begin(await claim()), accepted(SES_ID)),
  "accepted by an event": async ({ store, claim, begin }) => {
    const lease = await claim();
    const ref = await begin(lease);
    await store.release([lease]);
    await store.settle(ref, accepted("any id", "event"));
  },
  "accepted, said an operator": async ({ store, claim, begin, wait }) => {
    const lease = await claim();
    const ref = await begin(lease);
    await store.release([lease]);
    wait(600_000);
    await store.resolve(formatAttemptId(ref), "sent", who);
  },
  simulated: async ({ store, claim, begin }) =>
    store.settle(await begin(await claim({ simulated: true })), accepted("dry", "simulated")),
  "rejected, a later one given up": async ({ store, claim, begin }) => {
    const ref = await begin(await claim());
    await store.settle(ref, refused);
    await store.settle({ ...ref, attemptNumber: 2 }, refused);
  },
  "of an earlier claim": async ({ store, claim, begin, wait }) => {
    const lease = await claim();
    await store.settle(await begin(lease), lost);
    await store.release([lease]);
    wait(5_000);
    await claim({ owner: "later" });
  },
  "refused when sent again": async ({ store, claim, begin, wait }) => {
    const first = await claim();
    await store.settle(await begin(first), lost);
    await store.release([first]);
    wait(5_000);
    const ref = { ...(await claim({ owner: "later" })), effect: "email", attemptNumber: 1 };
    const times = { timeoutMs: 30_000, validityMs: 300_000, repeatWithinMs: 86_400_000 };
    await store.begin({ ...ref, ...times, fingerprint: FINGERPRINT });
    await store.settle(ref, refused);
  },
  blocked: async ({ claim, block }) => block(await claim()),
  "allowed and begun": async ({ store, claim, block, begin }) => {
    const lease = await claim();
    await store.resolve(formatAttemptId(await block(lease)), "allow", who);
    await begin(lease, 2);
  },
  dropped: async ({ store, claim, block }) =>
    store.resolve(formatAttemptId(await block(await claim())), "drop", who),
  "with three effects": async ({ store, claim, begin }) => {
    const lease = await claim();
    await store.settle(await begin(lease), accepted(SES_ID));
    await store.settle(await begin(lease, 1, "sms"), refused);
    await begin(lease, 1, "letter-second");
  },
  "with a duplicate": async ({ store, claim, begin }) => {
    const ref = await begin(await claim());
    await store.settle(ref, accepted(SES_ID));
    await store.settle(ref, accepted("another", "event"));
  },
  "named by a foreign event alone": async ({ store, claim }) => {
    const foreign = { ...(await claim()), owner: "foreign", fence: 3 };
    await store.settle(
      { ...foreign, effect: "email", attemptNumber: 1 },
      accepted("any id", "event"),
    );
  },
  done: async ({ store, claim, begin }) => {
    const lease = await claim();
    await store.settle(await begin(lease), accepted(SES_ID));
    await store.complete([lease]);
  },
  "done without an effect": async ({ store, claim }) =>
    store.complete([{ ...(await claim()), fingerprint: FINGERPRINT }]),
  "done, one waived": async ({ store, claim, begin }) => {
    const lease = await claim();
    await store.settle(await begin(lease), refused);
    await store.complete([{ ...lease, waived: { email: "no address" } }]);
  },
  dead: async ({ store, key }) => store.bury(burial(key)),
  "dead, then accepted": async ({ store, key, claim, begin, wait }) => {
    const lease = await claim();
    const ref = await begin(lease);
    await store.release([lease]);
    wait(600_000);
    await store.bury(burial(key));
    await store.settle(ref, accepted(SES_ID, "event"));
  },
};

const burial = (key: string) => ({
  key,
  keyText: '["tis","form-updated","buried"]',
  pipeline: "form-updated",
  messageId: UUID,
  reason: "retriesExhausted: Failed 5 times.",
});

export function sampleTools(
  store: DedupeStore,
  name: string,
  wait: (ms: number) => void,
): SampleTools {
  const { digest: key, text: keyText } = notificationKey("tis", "form-updated", [name]);
  const attempt = (lease: Lease, attemptNumber: number, effect: string): AttemptRef => ({
    ...lease,
    effect,
    attemptNumber,
  });
  return {
    store,
    key,
    wait,
    claim: async (over = {}) => {
      const owner = over.owner ?? "f5lxx1zz5pnorynqglhzmsp33";
      const request = { key, keyText, pipeline: "form-updated", owner, leaseMs: 60_000 };
      const [reply] = await store.claim([
        { ...request, messageId: UUID, fingerprint: FINGERPRINT, ...over },
      ]);
      if (!reply || reply instanceof Error || reply.status !== "claimed") {
        throw new Error(`not claimed: ${JSON.stringify(reply)}`);
      }
      return { key, owner, fence: reply.fence };
    },
    begin: async (lease, attemptNumber = 1, effect = "email") => {
      const ref = attempt(lease, attemptNumber, effect);
      const span = { timeoutMs: 30_000, validityMs: 300_000 };
      const reply = await store.begin({ ...ref, ...span, fingerprint: FINGERPRINT });
      if (reply !== "granted") throw new Error(`not begun: ${JSON.stringify(reply)}`);
      return ref;
    },
    block: async (lease) => {
      const ref = attempt(lease, 1, "email");
      await store.block({ ...ref, reason: "same content", fingerprint: FINGERPRINT });
      return ref;
    },
  };
}

/** A record of some format as it was written, and as it has to be read. */
export interface Sample {
  readonly what: string;
  readonly key: string;
  /** When it was written, and is read. */
  readonly now: number;
  /** base64 */
  readonly bytes: string;
  readonly view: unknown;
}
