import assert from "node:assert/strict";

import type { Outcome, PreparedSummary } from "../ports/index.js";
import { certaintyBehaviours } from "./sender-suite-certainty.js";
import {
  honest,
  inWords,
  type SenderBehaviour,
  type SenderFault,
  type SenderFixture,
  type WayToCertainty,
} from "./sender-suite-tools.js";
import { performAttempt, testAttempt } from "./test-attempt.js";

/** What the suite runs with. */
export interface SenderSuiteOptions<Payload> {
  /** The `test` of any runner: vitest, node:test, jest. */
  readonly test: (name: string, body: () => Promise<void>) => unknown;
  /** Makes what one test runs on: a sender that nobody else uses. */
  readonly factory: () => Promise<SenderFixture<Payload>>;
  /** How an attempt of unknown outcome becomes certain with this sender. */
  readonly certainty: WayToCertainty;
  /** Those the provider can be made to show. Default: all. */
  readonly faults?: readonly SenderFault[] | undefined;
}

/**
 * Conformance of a `Sender`: at most one request per attempt, none after its deadline, no claim
 * about the outcome that the provider's side doesn't bear out, and the way to certainty it declares.
 *
 * @example
 * ```ts
 * senderSuite({ test, certainty: { by: "none" }, factory: async () => fixtureOf(mySender()) });
 * ```
 */
export function senderSuite<Payload>(options: SenderSuiteOptions<Payload>): void {
  const { test, factory, certainty, faults = Object.keys(honest) as SenderFault[] } = options;

  const behaviour: SenderBehaviour<Payload> = (name, body) => {
    test(name, async () => {
      const fixture = await factory();
      try {
        await body(fixture);
      } finally {
        await fixture.close?.();
      }
    });
  };

  sendingBehaviours(behaviour);
  for (const fault of faults) faultBehaviour(behaviour, fault);
  keepingBehaviours(behaviour);
  certaintyBehaviours(behaviour, certainty);
}

function sendingBehaviours<Payload>(behaviour: SenderBehaviour<Payload>): void {
  behaviour("passes its own check at start", async ({ sender, requests }) => {
    await sender.verify?.();
    assert.equal(requests(), 0, "verify sent something: it may only look at settings");
  });

  behaviour("sends one request and brings the proof", async ({ sender, payload, ...provider }) => {
    const prepared = await sender.prepare(payload(1));
    assert.equal(provider.requests(), 0, "prepare sent something: it runs before begin");
    const outcome = await performAttempt(sender, prepared, testAttempt());
    assert.equal(
      outcome.status,
      "accepted",
      `expected accepted, since the provider took the request; got ${inWords(outcome)}`,
    );
    assert.ok(outcome.status === "accepted" && outcome.receipt.id, "a receipt needs an id");
    assert.equal(outcome.receipt.via, "provider", "the provider itself brought this receipt");
    assert.ok(outcome.receipt.at > 0, "a receipt needs a time");
    const counts = [provider.requests(), provider.accepted()];
    assert.deepEqual(counts, [1, 1], "expected one request, and one acceptance of it");
  });

  behaviour("gives every acceptance a proof of its own", async ({ sender, payload }) => {
    const prepared = await sender.prepare(payload(1));
    const first = await performAttempt(sender, prepared, testAttempt({ notification: 1 }));
    const second = await performAttempt(sender, prepared, testAttempt({ notification: 2 }));
    assert.ok(first.status === "accepted" && second.status === "accepted");
    assert.notEqual(
      first.receipt.id,
      second.receipt.id,
      "two notifications with one receipt: a duplicate couldn't be told from the first",
    );
  });
}

function faultBehaviour<Payload>(behaviour: SenderBehaviour<Payload>, fault: SenderFault): void {
  behaviour(`tells the truth when struck: ${fault}`, async (fixture) => {
    const { sender, payload, strike, requests, accepted } = fixture;
    const { may, because } = honest[fault];
    const prepared = await sender.prepare(payload(1));
    await strike(fault);
    const outcome = await performAttempt(sender, prepared, testAttempt());
    const expected = `expected ${may.join(" or ")}, since ${because}`;
    assert.ok(may.includes(outcome.status), `${fault}: ${expected}; got ${inWords(outcome)}`);
    assert.ok(requests() <= 1, `${requests()} requests for one attempt; one is allowed`);
    if (outcome.status === "rejected") {
      assert.equal(accepted(), 0, "told as rejected what the provider accepted");
    }
    if (outcome.status !== "accepted") assert.notEqual(outcome.reason, "", "a reason is a word");
    if (fault === "throttled" && outcome.status === "rejected") assertThrottle(outcome);
  });
}

function assertThrottle(outcome: Extract<Outcome, { status: "rejected" }>): void {
  assert.ok((outcome.throttle?.retryAfterMs ?? 0) > 0, "a throttle says for how long");
  assert.notEqual(outcome.permanent, true, "a throttle passes: it isn't permanent");
}

function keepingBehaviours<Payload>(behaviour: SenderBehaviour<Payload>): void {
  const unsent = async (
    { sender, payload, requests }: SenderFixture<Payload>,
    made: Parameters<typeof testAttempt>[0],
    why: string,
  ): Promise<void> => {
    const prepared = await sender.prepare(payload(1));
    const outcome = await performAttempt(sender, prepared, testAttempt(made));
    assert.equal(requests(), 0, `a request went out although ${why}`);
    const expected = `expected rejected, since nothing was sent: ${why}`;
    assert.equal(outcome.status, "rejected", `${expected}; got ${inWords(outcome)}`);
  };

  behaviour("sends nothing once the deadline has passed", (fixture) =>
    unsent(fixture, { remainingMs: () => 0 }, "the deadline has passed"),
  );

  behaviour("sends nothing for an attempt that is aborted already", (fixture) =>
    unsent(fixture, { signal: AbortSignal.abort() }, "the attempt was aborted"),
  );

  behaviour("refuses in prepare what can't be sent", async (fixture) => {
    await assert.rejects(
      async () => fixture.sender.prepare(fixture.unsendable),
      "prepare took what can't be sent: it would be found out after begin",
    );
    assert.equal(fixture.requests(), 0);
  });

  behaviour("summarises the same content the same way each time", async (fixture) => {
    const summary = await summarise(fixture, 1);
    if (!summary) return;
    assert.deepEqual(await summarise(fixture, 1), summary, "the same payload, another summary");
    assert.ok(summary.recipients.length > 0, "a summary names its recipients");
    assert.notEqual(summary.contentDigest, "");
    const other = await summarise(fixture, 2);
    assert.deepEqual(other?.recipients, summary.recipients);
    assert.notEqual(other?.contentDigest, summary.contentDigest, "other content, the same digest");
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

  behaviour("states times that can be kept, and what evidence to look for", ({ sender }) => {
    assert.ok(sender.validityMs === undefined || sender.validityMs >= 0);
    assert.ok(sender.attemptTimeoutMs === undefined || sender.attemptTimeoutMs > 0);
    assert.ok(
      sender.evidence,
      "without `evidence` an operator doesn't know what to look for when an outcome is unknown",
    );
    return Promise.resolve();
  });
}

async function summarise<Payload>(
  { sender, payload }: SenderFixture<Payload>,
  variant: number,
): Promise<PreparedSummary | undefined> {
  return sender.summarize?.(await sender.prepare(payload(variant)));
}
