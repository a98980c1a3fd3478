import type { AttemptInfo, Sender } from "../ports/index.js";

/** The longest that AWS services allow a signature to be off, ms. */
const DEFAULT_VALIDITY_MS = 15 * 60_000;
const DEFAULT_ATTEMPT_TIMEOUT_MS = 30_000;

/** Milliseconds for which a request signed at the deadline could still be accepted. */
export function validityMsOf(sender: Pick<Sender<never>, "validityMs">): number {
  return sender.validityMs ?? DEFAULT_VALIDITY_MS;
}

/** What the clocks of process, store and provider may be apart when a window or a "not sent" is judged, ms. */
export const CLOCKS_APART_MS = 60_000;

/**
 * Milliseconds from the earliest attempt's start within which a repetition must be over for the provider to
 * take it for the same; `undefined` where the provider doesn't dedupe.
 */
export function repeatWithinMsOf({
  idempotent,
}: Pick<Sender<never>, "idempotent">): number | undefined {
  return idempotent && idempotent.windowMs - CLOCKS_APART_MS;
}

/**
 * Whether an attempt of unknown outcome may be repeated now by this process's clock. The store judges by
 * its own as well: the stricter one counts.
 *
 * @param now milliseconds since the epoch
 */
export function mayRepeat(
  sender: Pick<Sender<never>, "idempotent" | "validityMs">,
  { state, startedAt, unknownSince }: AttemptInfo,
  timeoutMs: number,
  now: number,
): boolean {
  const withinMs = repeatWithinMsOf(sender);
  if (withinMs === undefined || (state !== "unknown" && state !== "sending")) return false;
  const end = now + timeoutMs + validityMsOf(sender);
  return end < (unknownSince ?? startedAt) + withinMs;
}

/** Milliseconds one attempt may take from `begin` to its last signature. */
export function attemptTimeoutMsOf(sender: Pick<Sender<never>, "attemptTimeoutMs">): number {
  return sender.attemptTimeoutMs ?? DEFAULT_ATTEMPT_TIMEOUT_MS;
}
