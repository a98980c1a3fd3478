/** One second of the replay stands for so many seconds of the incident. */
export const SCALE = 10;

/** What the replay shares with the incident, in seconds of real time, before scaling. */
export const REAL = {
  /** The queue's default, which nobody had changed. */
  visibilitySeconds: 30,
  /** The naive service doesn't walk the pool again for so long after a walk. */
  walkPauseSeconds: 15 * 60,
  /** How long a user stays in the naive service's cache. */
  cacheLifeSeconds: 24 * 60 * 60,
  /**
   * How long a walk of the pool takes by default. The true figure was never published; it must have
   * been longer than the visibility, and short enough that no message used up its receives.
   */
  walkSeconds: 150,
  /** How long events keep arriving. */
  arrivalSeconds: 240,
} as const;

/** Deliveries after which the queue gives a message to its dead-letter queue, as it was. */
export const MAX_RECEIVES = 10;

/** Milliseconds of the replay for seconds of real time. */
export const scaledMs = (realSeconds: number): number => (realSeconds * 1_000) / SCALE;

/** Seconds of real time for milliseconds of the replay. */
export const realSeconds = (replayMs: number): number => (replayMs * SCALE) / 1_000;
