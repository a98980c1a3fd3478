import assert from "node:assert/strict";

import type { Attempt, AttemptInfo, Outcome, Sender } from "../ports/index.js";
import {
  inWords,
  type SenderBehaviour,
  type SenderFault,
  type SenderFixture,
  type WayToCertainty,
} from "./sender-suite-tools.js";
import { performAttempt, testAttempt, unknownAttempt } from "./test-attempt.js";

/** The longest that a signature of AWS may be off: core's own default. */
const DEFAULT_VALIDITY_MS = 15 * 60_000;
/** Askings after which "not found" has to be taken for "not sent", once all delays are over. */
const MAX_ASKINGS = 5;

/** How unknown attempts become certain, by the way that the sender goes. */
export function certaintyBehaviours<Payload>(
  behaviour: SenderBehaviour<Payload>,
  certainty: WayToCertainty,
): void {
  behaviour(`declares its way to certainty: ${certainty.by}`, ({ sender }) => {
    const asks = sender.lookup !== undefined;
    assert.equal(
      asks,
      certainty.by === "asked",
      asks ? "it has a lookup: declare `asked`" : "`asked` needs a lookup",
    );
    const dedupes = sender.idempotent !== undefined;
    assert.equal(
      dedupes,
      certainty.by === "window",
      dedupes ? "it is idempotent: declare `window`" : "`window` needs idempotent",
    );
    return Promise.resolve();
  });
  switch (certainty.by) {
    case "events":
      return eventBehaviours(behaviour);
    case "asked":
      return askedBehaviours(behaviour, certainty);
    case "window":
      return windowBehaviours(behaviour);
    case "none":
      return;
  }
}

function eventBehaviours<Payload>(behaviour: SenderBehaviour<Payload>): void {
  behaviour("learns by events what was accepted while its reply was lost", async (fixture) => {
    const attempt = await strikeOne(fixture, "acceptedButReplyLost");
    const told = await fixture.told?.();
    assert.ok(told, "a fixture of `events` has told()");
    const [first] = told.filter(({ attemptId }) => attemptId === attempt.id);
    assert.ok(first, `no event names attempt ${attempt.id}, which the provider accepted`);
    assert.notEqual(first.receiptId, "", "an event brings the receipt");
  });

  behaviour("learns nothing by events of what wasn't accepted", async (fixture) => {
    const attempt = await strikeOne(fixture, "lostBeforeAcceptance");
    const told = (await fixture.told?.()) ?? [];
    const names = told.some(({ attemptId }) => attemptId === attempt.id);
    assert.ok(!names, "an event names an attempt that the provider never accepted");
  });
}

function askedBehaviours<Payload>(
  behaviour: SenderBehaviour<Payload>,
  { lagMs, retentionMs }: Extract<WayToCertainty, { by: "asked" }>,
): void {
  behaviour("finds by asking what was accepted while its reply was lost", async (fixture) => {
    const info = infoOf(fixture, await strikeOne(fixture, "acceptedButReplyLost"));
    await fixture.time?.elapse(lagMs);
    const outcome = await ask(fixture.sender, info);
    const expected = "expected accepted, since the provider took it and can be asked";
    assert.equal(outcome.status, "accepted", `${expected}; got ${inWords(outcome)}`);
    assert.ok(outcome.status === "accepted" && outcome.receipt.id, "a receipt needs an id");
    assert.equal(fixture.requests(), 1, "asking must send nothing");
  });

  behaviour("takes nothing for not sent before its lag is over", async (fixture) => {
    const info = infoOf(fixture, await strikeOne(fixture, "lostBeforeAcceptance"));
    const { time } = fixture;
    assert.ok(time, "a fixture of `asked` has time");
    // Once at the start, once when the last request has become stale, once just before the lag is over.
    for (const at of [time.now(), info.staleAt, info.staleAt + lagMs - 1_000]) {
      await time.elapse(Math.max(0, at - time.now()));
      const outcome: Outcome = await ask(fixture.sender, info);
      const beforeMs: number = info.staleAt + lagMs - time.now();
      const expected: string = `expected unknown, ${beforeMs} ms before the provider's word counts`;
      assert.equal(outcome.status, "unknown", `${expected}; got ${inWords(outcome)}`);
    }
  });

  behaviour("learns by asking, in the end, what was never sent", async (fixture) => {
    const info = infoOf(fixture, await strikeOne(fixture, "lostBeforeAcceptance"));
    const { time } = fixture;
    assert.ok(time, "a fixture of `asked` has time");
    await time.elapse(info.staleAt + lagMs - time.now() + 1_000);
    const outcomes: Outcome[] = [];
    while (outcomes.at(-1)?.status !== "rejected" && outcomes.length < MAX_ASKINGS) {
      outcomes.push(await ask(fixture.sender, info));
      await time.elapse(lagMs);
    }
    const last = outcomes.at(-1);
    assert.equal(
      last?.status,
      "rejected",
      `never told as not sent: ${outcomes.map(inWords).join()}`,
    );
    assert.equal(fixture.requests(), 1, "asking must send nothing");
  });

  behaviour("takes nothing for not sent that the provider may have forgotten", async (fixture) => {
    const info = infoOf(fixture, await strikeOne(fixture, "acceptedButReplyLost"));
    const { time } = fixture;
    assert.ok(time, "a fixture of `asked` has time");
    await time.elapse(retentionMs + 60_000);
    for (let asking = 1; asking <= MAX_ASKINGS; asking += 1) {
      const outcome = await ask(fixture.sender, info);
      assert.notEqual(outcome.status, "rejected", "the provider accepted it, and has forgotten it");
      await time.elapse(lagMs);
    }
  });
}

function windowBehaviours<Payload>(behaviour: SenderBehaviour<Payload>): void {
  behaviour("states a window in which a repetition has room", ({ sender }) => {
    const windowMs = sender.idempotent?.windowMs;
    assert.ok(windowMs !== undefined && windowMs > 0, "`idempotent` states its windowMs");
    const tryMs = (sender.attemptTimeoutMs ?? 30_000) + validityMsOf(sender);
    assert.ok(
      windowMs > tryMs,
      `a window of ${windowMs} ms is over before a repetition, which takes up to ${tryMs} ms`,
    );
    return Promise.resolve();
  });

  for (const fault of ["acceptedButReplyLost", "lostBeforeAcceptance"] as const) {
    behaviour(`may be repeated within its window: ${fault}`, async (fixture) => {
      const { sender, payload, accepted, requests } = fixture;
      await strikeOne(fixture, fault);
      const prepared = await sender.prepare(payload(1));
      const again = testAttempt({ attemptNumber: 2 });
      const outcome = await performAttempt(sender, prepared, again);
      const expected = "expected accepted, since the provider knows the effect or takes it now";
      assert.equal(outcome.status, "accepted", `${expected}; got ${inWords(outcome)}`);
      assert.equal(requests(), 2);
      assert.equal(accepted(), 1, "the provider took the same effect twice: it doesn't dedupe");
    });
  }
}

/** Sends one notification into a fault after which its outcome is unknown. */
async function strikeOne<Payload>(
  { sender, payload, strike, time }: SenderFixture<Payload>,
  fault: SenderFault,
): Promise<Attempt> {
  const prepared = await sender.prepare(payload(1));
  await strike(fault);
  const attempt = testAttempt({ clock: time });
  const outcome = await performAttempt(sender, prepared, attempt);
  assert.equal(outcome.status, "unknown", `${fault} was told as ${inWords(outcome)}`);
  return attempt;
}

function infoOf<Payload>({ sender }: SenderFixture<Payload>, attempt: Attempt): AttemptInfo {
  return unknownAttempt(attempt, validityMsOf(sender));
}

/** As the pipeline does: a provider that can't be asked says nothing. */
async function ask(sender: Sender<never>, info: AttemptInfo): Promise<Outcome> {
  try {
    return (await sender.lookup?.(info)) ?? { status: "unknown", reason: "no lookup" };
  } catch {
    return { status: "unknown", reason: "thrown" };
  }
}

function validityMsOf({ validityMs }: Sender<never>): number {
  return validityMs ?? DEFAULT_VALIDITY_MS;
}
