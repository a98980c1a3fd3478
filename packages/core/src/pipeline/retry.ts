/** A range of delays in milliseconds: `baseMs` doubling with each try, up to `maxMs`. */
export interface BackOff {
  readonly baseMs: number;
  readonly maxMs: number;
}

/** Of a message that failed, also where its pipeline isn't known. */
export const DEFAULT_RETRY: BackOff = { baseMs: 1_000, maxMs: 5 * 60_000 };
