import type { BackOff } from "../pipeline/retry.js";
import { equalJitter, fullJitter } from "../timing/backoff.js";

/** A sandbox can't stop receiving: an outage's messages are hidden for minutes instead, growing. */
const OUTAGE: BackOff = { baseMs: 2 * 60_000, maxMs: 60 * 60_000 };
/** Of a message that has to wait for something, in a host where it can't wait in place. */
const AWAY: BackOff = { baseMs: 60_000, maxMs: 15 * 60_000 };
/** Another owner's lease ends late, but what it does is mostly done soon. */
const FIRST_LOOK: BackOff = { baseMs: 500, maxMs: 16_000 };

/** Milliseconds until the next try of a message that failed. */
export function retryDelay(backOff: BackOff, tries: number, random: number): number {
  return fullJitter(tries, random, backOff);
}

/** Milliseconds for which a message is hidden while the store or the queue is down. */
export function outageDelay(receives: number, random: number): number {
  return equalJitter(receives, random, OUTAGE);
}

/** Milliseconds for which a message is hidden that would be held in place elsewhere. */
export function awayDelay(receives: number, random: number): number {
  return equalJitter(receives, random, AWAY);
}

/** Milliseconds until the first look at a held message, by how often it was held before. */
export function firstLookDelay(holds: number): number {
  return Math.min(FIRST_LOOK.maxMs, FIRST_LOOK.baseMs * 2 ** holds);
}
