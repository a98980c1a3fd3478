import { NotSentError } from "../errors.js";
import { formatAttemptId } from "../identity/attempt-id.js";
import type { Attempt, AttemptInfo, Clock, Outcome, Sender } from "../ports/index.js";

/** What differs from a granted attempt with half a minute left. */
export interface TestAttemptOptions {
  readonly clock?: Pick<Clock, "now"> | undefined;
  /** Which notification, from 1: each has its own effect id. */
  readonly notification?: number;
  readonly attemptNumber?: number;
  readonly remainingMs?: () => number;
  readonly signal?: AbortSignal;
}

const TIMEOUT_MS = 30_000;

/** A granted attempt, as a pipeline would give it to a sender. */
export function testAttempt(options: TestAttemptOptions = {}): Attempt {
  const { notification = 1, attemptNumber = 1, clock } = options;
  const key = notification.toString(16).padStart(32, "0");
  const ref = { key, effect: "email", owner: "owner", fence: 1, attemptNumber };
  return {
    id: formatAttemptId(ref),
    effectId: `${key}-email`,
    namespace: "conformance",
    pipeline: "conformance",
    effect: "email",
    // A sender judges by remainingMs, which knows more than the wall clock.
    deadline: clock ? clock.now() + TIMEOUT_MS : Number.MAX_SAFE_INTEGER,
    remainingMs: options.remainingMs ?? (() => TIMEOUT_MS),
    signal: options.signal ?? new AbortController().signal,
  };
}

/** The attempt as a record knows it while its outcome is unknown. */
export function unknownAttempt({ id, effect, deadline }: Attempt, validityMs: number): AttemptInfo {
  const startedAt = deadline - TIMEOUT_MS;
  const staleAt = deadline + validityMs;
  return { attemptId: id, effect, state: "unknown", startedAt, deadline, staleAt };
}

/** As the pipeline does: a throw is `unknown`, unless it says that nothing was sent. */
export async function performAttempt(
  sender: Sender<never>,
  prepared: unknown,
  made: Attempt,
): Promise<Outcome> {
  try {
    return await sender.send(prepared, made);
  } catch (error) {
    const reason = error instanceof Error ? error.name : "thrown";
    return { status: error instanceof NotSentError ? "rejected" : "unknown", reason };
  }
}
