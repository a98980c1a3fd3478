import type { Sender } from "../ports/index.js";

/** The longest that AWS services allow a signature to be off, ms. */
const DEFAULT_VALIDITY_MS = 15 * 60_000;
const DEFAULT_ATTEMPT_TIMEOUT_MS = 30_000;

/** Milliseconds for which a request signed at the deadline could still be accepted. */
export function validityMsOf(sender: Pick<Sender<never>, "validityMs">): number {
  return sender.validityMs ?? DEFAULT_VALIDITY_MS;
}

/** Milliseconds one attempt may take from `begin` to its last signature. */
export function attemptTimeoutMsOf(sender: Pick<Sender<never>, "attemptTimeoutMs">): number {
  return sender.attemptTimeoutMs ?? DEFAULT_ATTEMPT_TIMEOUT_MS;
}
