import { MAX_VISIBILITY_MS } from "../ports/index.js";

/** What a delay is taken for that is no number. */
const UNREADABLE_MS = 60_000;

/** Whether it is a number of milliseconds: a sender, a handler or a store is code of somebody else. */
export function isDelay(ms: number): boolean {
  return Number.isFinite(ms) && ms >= 0;
}

/** A delay as somebody else's code told it, in 0 to 12 hours: a timer of NaN ms never waits. */
export function boundedDelay(ms: number): number {
  return isDelay(ms) ? Math.min(ms, MAX_VISIBILITY_MS) : UNREADABLE_MS;
}
