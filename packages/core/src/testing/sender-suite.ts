import assert from "node:assert/strict";

import { NotSentError } from "../errors.js";
import type { Attempt, Outcome, PreparedSummary, Sender } from "../ports/index.js";

/** What goes wrong with the next request, seen from the provider. */
export type SenderFault =
  /** Taken; then the caller never learns of it. */
  | "acceptedButReplyLost"
  /** Not taken; the connection breaks without a reply. */
  | "lostBeforeAcceptance"
  /** Not taken, and the reply says only that something is wrong at the provider. */
  | "serverError"
  /** Taken; the reply is a success without a usable proof. */
  | "acceptedWithoutProof"
  /** Declined for good. */
  | "refused"
  /** Declined for now. */
  | "throttled"
  /** Nobody listens: the provider can't be reached at all. */
  | "unreachable";

/** A sender before a provider of its own that nobody else uses. */
export interface SenderFixture<Payload> {
  readonly sender: Sender<Payload>;
  /** A payload that is sent as it is; another `variant` has other content for the same recipient. */
  payload(variant: number): Payload;
  /** One that `prepare` must refuse. */
  readonly unsendable: Payload;
  /** Strikes the next request to send, and only that. */
  strike(fault: SenderFault): Promise<void> | void;
  /** Requests to send that have reached the provider so far. */
  requests(): number;
  /** How many of them it took. */
  accepted(): number;
  /** Called at the end of each test. */
  close?(): Promise<void> | void;
}

/** What the suite runs with. */
export interface SenderSuiteOptions<Payload> {
  /** The `test` of any runner: vitest, node:test, jest. */
  readonly test: (name: string, body: () => Promise<void>) => unknown;
  /** Makes what one test runs on: a sender that nobody else uses. */
  readonly factory: () => Promise<SenderFixture<Payload>>;
  /** Those the provider can be made to show. Default: all. */
  readonly faults?: readonly SenderFault[] | undefined;
}

/** What each fault may be told as. `unknown` is always honest; the rest must be provable. */
const honest: Readonly<Record<SenderFault, readonly Outcome["status"][]>> = {
  acceptedButReplyLost: ["unknown"],
  lostBeforeAcceptance: ["unknown"],
  serverError: ["unknown"],
  acceptedWithoutProof: ["unknown"],
  refused: ["rejected"],
  throttled: ["rejected"],
  unreachable: ["rejected", "unknown"],
};

const allFaults = Object.keys(honest) as SenderFault[];

/**
 * Conformance of a {@link Sender}: at most one request per attempt, none after its deadline, and no
 * claim about the outcome that the provider's side doesn't bear out.
 */
export function senderSuite<Payload>(options: SenderSuiteOptions<Payload>): void {
  const { test, factory, faults = allFaults } = options;

  function behaviour(name: string, body: (fixture: SenderFixture<Payload>) => Promise<void>): void {
    test(name, async () => {
      const fixture = await factory();
      try {
        await body(fixture);
      } finally {
        await fixture.close?.();
      }
    });
  }

  behaviour("passes its own check at start", async ({ sender, requests }) => {
    await sender.verify?.();
    assert.equal(requests(), 0);
  });

  behaviour("sends one request and brings the proof", async ({ sender, payload, ...provider }) => {
    const prepared = await sender.prepare(payload(1));
    assert.equal(provider.requests(), 0);
    const outcome = await perform(sender, prepared, attempt());
    assert.equal(outcome.status, "accepted");
    assert.ok(outcome.status === "accepted" && outcome.receipt.id, "a receipt needs an id");
    assert.equal(outcome.receipt.via, "provider");
    assert.ok(outcome.receipt.at > 0);
    assert.deepEqual([provider.requests(), provider.accepted()], [1, 1]);
  });

  behaviour("gives every acceptance a proof of its own", async ({ sender, payload }) => {
    const prepared = await sender.prepare(payload(1));
    const first = await perform(sender, prepared, attempt({ attemptNumber: 1 }));
    const second = await perform(sender, prepared, attempt({ attemptNumber: 2 }));
    assert.ok(first.status === "accepted" && second.status === "accepted");
    assert.notEqual(first.receipt.id, second.receipt.id);
  });

  for (const fault of faults) {
    behaviour(`tells the truth when struck: ${fault}`, async (fixture) => {
      const { sender, payload, strike, requests, accepted } = fixture;
      const prepared = await sender.prepare(payload(1));
      await strike(fault);
      const outcome = await perform(sender, prepared, attempt());
      assert.ok(
        honest[fault].includes(outcome.status),
        `${fault} was told as ${JSON.stringify(outcome)}`,
      );
      assert.ok(requests() <= 1, `${requests()} requests for one attempt`);
      if (outcome.status === "rejected") assert.equal(accepted(), 0);
      if (outcome.status !== "accepted") assert.notEqual(outcome.reason, "");
      if (fault === "throttled" && outcome.status === "rejected") {
        assert.ok((outcome.throttle?.retryAfterMs ?? 0) > 0, "a throttle says for how long");
        assert.notEqual(outcome.permanent, true);
      }
    });
  }

  behaviour("sends nothing once the deadline has passed", async (fixture) => {
    const prepared = await fixture.sender.prepare(fixture.payload(1));
    const outcome = await perform(fixture.sender, prepared, attempt({ remainingMs: () => 0 }));
    assert.equal(outcome.status, "rejected");
    assert.equal(fixture.requests(), 0);
  });

  behaviour("sends nothing for an attempt that is aborted already", async (fixture) => {
    const prepared = await fixture.sender.prepare(fixture.payload(1));
    const outcome = await perform(
      fixture.sender,
      prepared,
      attempt({ signal: AbortSignal.abort() }),
    );
    assert.equal(outcome.status, "rejected");
    assert.equal(fixture.requests(), 0);
  });

  behaviour("refuses in prepare what can't be sent", async (fixture) => {
    await assert.rejects(async () => fixture.sender.prepare(fixture.unsendable));
    assert.equal(fixture.requests(), 0);
  });

  behaviour("summarises the same content the same way each time", async (fixture) => {
    const summary = await summarise(fixture, 1);
    if (!summary) return;
    assert.deepEqual(await summarise(fixture, 1), summary);
    assert.ok(summary.recipients.length > 0 && summary.contentDigest !== "");
    const other = await summarise(fixture, 2);
    assert.deepEqual(other?.recipients, summary.recipients);
    assert.notEqual(other?.contentDigest, summary.contentDigest);
  });

  behaviour(
    "admits, or says for how long not, and heeds an abort",
    async ({ sender, payload, requests }) => {
      const prepared = await sender.prepare(payload(1));
      const signal = AbortSignal.abort();
      const admitted = await sender.admit?.({ prepared, signal, maxWaitMs: 60_000 });
      if (admitted) assert.ok(admitted.deferMs > 0 && admitted.reason !== "");
      assert.equal(requests(), 0);
    },
  );

  behaviour("states times that can be kept", ({ sender }) => {
    assert.ok(sender.validityMs === undefined || sender.validityMs >= 0);
    assert.ok(sender.attemptTimeoutMs === undefined || sender.attemptTimeoutMs > 0);
    return Promise.resolve();
  });
}

async function summarise<Payload>(
  { sender, payload }: SenderFixture<Payload>,
  variant: number,
): Promise<PreparedSummary | undefined> {
  return sender.summarize?.(await sender.prepare(payload(variant)));
}

/** As the pipeline does: a throw is `unknown`, unless it says that nothing was sent. */
async function perform(sender: Sender<never>, prepared: unknown, made: Attempt): Promise<Outcome> {
  try {
    return await sender.send(prepared, made);
  } catch (error) {
    const reason = error instanceof Error ? error.name : "thrown";
    return { status: error instanceof NotSentError ? "rejected" : "unknown", reason };
  }
}

function attempt(
  options: { readonly attemptNumber?: number } & Partial<
    Pick<Attempt, "remainingMs" | "signal">
  > = {},
): Attempt {
  const {
    attemptNumber = 1,
    remainingMs = () => 30_000,
    signal = new AbortController().signal,
  } = options;
  const effectId = `${"0".repeat(32)}-email`;
  return {
    id: `${effectId}-owner-1-${attemptNumber}`,
    effectId,
    namespace: "conformance",
    pipeline: "conformance",
    effect: "email",
    // A sender judges by remainingMs, which knows more than the wall clock.
    deadline: Number.MAX_SAFE_INTEGER,
    remainingMs,
    signal,
  };
}
