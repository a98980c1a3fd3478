import type { Disposition } from "./disposition.js";
import type { Lease } from "../ports/index.js";

export type Retry = Extract<Disposition, { kind: "retry" }>;
export type DeadLetter = Extract<Disposition, { kind: "deadLetter" }>;

/**
 * The dead letter of a message whose last try failed.
 *
 * @param claim the claim it still has on its key: then the record is its own to bury
 */
export function retriesExhausted(
  receiveCount: number,
  { reason, error, attemptIds = [] }: Retry,
  claim: Lease | undefined,
): DeadLetter {
  return {
    kind: "deadLetter",
    code: "retriesExhausted",
    text: `Failed ${receiveCount} times, the last time by ${reason}${describeError(error)}.`,
    attemptIds,
    bury: claim !== undefined,
    ...(claim ? { claim } : {}),
  };
}

/** Names the error's kind, not its text, which may hold personal data. */
function describeError(error: unknown): string {
  if (!(error instanceof Error)) return "";
  return ` (${error.name}${"code" in error && typeof error.code === "string" ? ` ${error.code}` : ""})`;
}
