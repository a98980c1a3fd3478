import type { Clock } from "../ports/index.js";

/**
 * A timeline for leases, in milliseconds, that never underestimates how much time has passed.
 *
 * Each reading adds the larger of what the monotonic and the wall clock say went by since the last
 * one: a suspended machine stops the first, a corrected clock sets back the second. A wall clock
 * that jumps ahead ends leases early, which is safe.
 */
export function leaseTime(clock: Clock): () => number {
  let monotonic = clock.monotonic();
  let wall = clock.now();
  let elapsed = 0;
  return () => {
    const nextMonotonic = clock.monotonic();
    const nextWall = clock.now();
    elapsed += Math.max(0, nextMonotonic - monotonic, nextWall - wall);
    monotonic = nextMonotonic;
    wall = nextWall;
    return elapsed;
  };
}
