const DEFAULT_MS = 30_000;
const LEAST_MS = 1_000;
const MOST_MS = 3_600_000;

/**
 * How long a receiver wants to be left alone, ms: its `Retry-After` in seconds or as a date, between one
 * second and one hour; half a minute where it doesn't say.
 *
 * @param now milliseconds since the epoch
 */
export function retryAfterMs(header: string | undefined, now: number): number {
  if (header === undefined) return DEFAULT_MS;
  const asked = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - now;
  return Number.isNaN(asked) ? DEFAULT_MS : Math.min(MOST_MS, Math.max(LEAST_MS, asked));
}
