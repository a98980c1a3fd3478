import { leaseTime, type Outcome } from "@exactly-once/core/ports";
import { formatAttemptId } from "@exactly-once/core/ports";
import type { ServiceParts } from "../scenarios/service.js";
import type { Report } from "./violations.js";

/** So many of the last answers are looked back on, and this many troubles among them, half or more, are an outage. */
const WINDOW = 20;
const TROUBLES = 5;
/** Nothing is begun for so long after that, ms, by whoever came later; clocks round. */
const REST_MS = 5_000 - 50;
/** The provider was not asked. */
const NOT_ASKED = /before sending$/;

/**
 * A provider in trouble is left alone, as docs/guarantees.md says ("In an outage"): whose claim came after the
 * trouble was seen begins nothing for five seconds, unless an attempt begun since was answered well. Answers
 * to older attempts prove nothing.
 *
 * Begun is what the store grants. Of an effect that was accepted before, whoever claims its message again asks as
 * well, in an outage too: it is answered with the receipt, and nothing reaches the provider. An ask whose answer was
 * lost is judged by when it was first made, once its repetition is granted.
 */
export function providerOracle(
  { clock }: ServiceParts["life"],
  /** Whether a message is sent by the provider that is watched. */
  isIts: (messageId: string) => boolean,
  report: Report,
) {
  const time = leaseTime(clock);
  const claimedAt = new Map<string, number>();
  const begunAt = new Map<string, number>();
  /** What was asked for too soon, and not granted so far: how long after the trouble, ms. */
  const tooSoon = new Map<string, number>();
  let last: boolean[] = [];
  /** When the trouble was seen; absent while the provider is well. */
  let seenAt: number | undefined;

  function onOutcome(attemptId: string, isTrouble: boolean): void {
    const now = time();
    if (seenAt !== undefined) {
      if ((begunAt.get(attemptId) ?? 0) <= seenAt) return;
      seenAt = isTrouble ? now : undefined;
      last = [];
      return;
    }
    last = [...last, isTrouble].slice(-WINDOW);
    const troubles = last.filter(Boolean).length;
    if (isTrouble && troubles >= TROUBLES && 2 * troubles >= last.length) seenAt = now;
  }

  function onAsked(attemptId: string, owner: string): void {
    if (begunAt.has(attemptId)) return;
    const now = time();
    begunAt.set(attemptId, now);
    if (seenAt === undefined || now > seenAt + REST_MS) return;
    if ((claimedAt.get(owner) ?? 0) <= seenAt) return;
    tooSoon.set(attemptId, now - seenAt);
  }

  function onGranted(attemptId: string): void {
    const afterMs = tooSoon.get(attemptId);
    if (afterMs === undefined) return;
    tooSoon.delete(attemptId);
    report(
      "a provider in trouble is left alone",
      `${attemptId} was begun ${Math.round(afterMs)} ms after the trouble was seen`,
    );
  }

  return {
    watch: ({ store, mailer, ...parts }: ServiceParts): ServiceParts => ({
      ...parts,
      store: {
        ...store,
        claim: (items) => {
          for (const { owner, messageId } of items) {
            if (isIts(messageId)) claimedAt.set(owner, time());
          }
          return store.claim(items);
        },
        begin: (start) => {
          const attemptId = formatAttemptId(start);
          onAsked(attemptId, start.owner);
          const replying = store.begin(start);
          // Beside it, so that being watched delays nothing.
          replying.then(
            (reply) => {
              if (reply === "granted") onGranted(attemptId);
            },
            () => undefined,
          );
          return replying;
        },
      },
      mailer: {
        ...mailer,
        send: async (prepared, attempt) => {
          try {
            const outcome = await mailer.send(prepared, attempt);
            const trouble = isTrouble(outcome);
            if (trouble !== undefined) onOutcome(attempt.id, trouble);
            return outcome;
          } catch (error) {
            onOutcome(attempt.id, true);
            throw error;
          }
        },
      },
    }),
  };
}

/** Absent where it says nothing. */
function isTrouble(outcome: Outcome): boolean | undefined {
  if (outcome.status === "accepted") return false;
  if (outcome.status === "unknown") return true;
  if (NOT_ASKED.test(outcome.reason)) return undefined;
  return !(outcome.permanent || outcome.throttle);
}
