/**
 * Full-jitter backoff: a delay in [0, min(maxMs, baseMs * 2^(attempt - 1))), never under 1 ms.
 *
 * @param attempt from 1
 */
export function fullJitter(
  attempt: number,
  random: number,
  options: { readonly baseMs: number; readonly maxMs: number },
): number {
  const ceiling = Math.min(options.maxMs, options.baseMs * 2 ** Math.min(attempt - 1, 30));
  return Math.max(1, Math.floor(random * ceiling));
}

/** Exponential growth with the upper half jittered: for probes that must not bunch up or stop. */
export function equalJitter(
  attempt: number,
  random: number,
  options: { readonly baseMs: number; readonly maxMs: number },
): number {
  const ceiling = Math.min(options.maxMs, options.baseMs * 2 ** Math.min(attempt - 1, 30));
  return Math.max(1, Math.floor(ceiling / 2 + (random * ceiling) / 2));
}
