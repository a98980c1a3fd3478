/**
 * The only source of time for everything in this package.
 *
 * Both readings are in milliseconds. Code that judges how much of a lease is left reads both,
 * because a suspended machine stops the monotonic clock and a corrected wall clock jumps.
 */
export interface Clock {
  /** Wall-clock milliseconds since the Unix epoch. May jump. */
  now(): number;
  /** Milliseconds since an arbitrary origin. Never goes back. */
  monotonic(): number;
  /**
   * Resolves after `ms` milliseconds, or as soon as `signal` aborts. Never rejects: the caller
   * looks at its own condition after waking.
   */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
