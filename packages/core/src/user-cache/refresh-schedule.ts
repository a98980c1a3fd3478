import type { Clock, Randomness } from "../ports/index.js";
import type { Snapshot } from "./build-snapshot.js";
import type { RebuildReason } from "./events.js";

export interface RefreshScheduleOptions {
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly ttlMs: number;
  readonly minIntervalMs: number;
}

/** A snapshot is replaced when so much of its time is over, less up to a tenth by chance. */
const REFRESH_AT = 0.8;
const REFRESH_JITTER = 0.1;
const FIRST_RETRY_MS = 5_000;
const LONGEST_RETRY_MS = 300_000;

/** The first and the last time that lookups want a walk to begin at. */
interface Demanded {
  readonly first: number;
  readonly last: number;
}

/** What an operator asked for: a walk that begins at `asOf` or later. */
interface Requested {
  readonly asOf: number;
  readonly acceptShrink: boolean;
}

/**
 * When the next snapshot is due: at once while there is none, else shortly before the one there is
 * expires, or sooner where lookups demand it or an operator requests it. Never during a pause.
 *
 * A walk answers what is asked for as of its beginning, so none begins before the first time that is
 * demanded: it would answer nothing, and be asked for again at once.
 */
export class RefreshSchedule {
  readonly #options: RefreshScheduleOptions;
  #snapshot: Snapshot | undefined = undefined;
  #refreshAt = 0;
  #demanded: Demanded | undefined = undefined;
  #requested: Requested | undefined = undefined;
  /** By the monotonic clock. */
  #pausedUntil = -Infinity;
  #failures = 0;

  constructor(options: RefreshScheduleOptions) {
    this.#options = options;
  }

  /** Rebuilds in a row that failed or were refused. */
  get failures(): number {
    return this.#failures;
  }

  /** Whether the next walk is to be believed whatever it brings. */
  get acceptsShrink(): boolean {
    return this.#requested?.acceptShrink === true;
  }

  get reason(): RebuildReason {
    if (this.#snapshot === undefined) return "cold";
    if (this.#requested !== undefined) return "requested";
    const { clock } = this.#options;
    return this.#demanded && this.#demanded.first <= clock.now() ? "demanded" : "expiring";
  }

  dueInMs(): number {
    const { clock, minIntervalMs } = this.#options;
    const pauseMs = Math.max(0, this.#pausedUntil - clock.monotonic());
    if (this.#snapshot === undefined || this.#requested !== undefined) return pauseMs;
    const now = clock.now();
    const scheduledMs = Math.max(pauseMs, this.#refreshAt - now);
    if (this.#demanded === undefined) return scheduledMs;
    const spacingMs = Math.min(minIntervalMs, this.#snapshot.completedAt + minIntervalMs - now);
    return Math.min(scheduledMs, Math.max(pauseMs, spacingMs, this.#demanded.first - now));
  }

  /** @returns whether a snapshot may be due sooner by it than it was */
  demand(asOf: number): boolean {
    if (this.#snapshot !== undefined && asOf <= this.#snapshot.asOf) return false;
    const { first = Infinity, last = -Infinity } = this.#demanded ?? {};
    this.#demanded = { first: Math.min(first, asOf), last: Math.max(last, asOf) };
    return asOf < first;
  }

  /** Due at once: it ends a pause, too. */
  request(acceptShrink: boolean): void {
    const asOf = this.#options.clock.now();
    this.#requested = { asOf, acceptShrink: acceptShrink || this.acceptsShrink };
    this.#pausedUntil = -Infinity;
  }

  pauseFor(ms: number): void {
    this.#pausedUntil = this.#options.clock.monotonic() + ms;
  }

  /** A rebuild failed: pauses, for longer each time. @returns for how long, ms */
  backOff(): number {
    this.#failures += 1;
    const doubled = FIRST_RETRY_MS * 2 ** Math.min(this.#failures - 1, 16);
    const ceilingMs = Math.min(LONGEST_RETRY_MS, doubled);
    const pauseMs = Math.round(ceilingMs * (0.5 + this.#options.randomness.random() / 2));
    this.pauseFor(pauseMs);
    return pauseMs;
  }

  /** This one serves from now on. */
  swapped(next: Snapshot): void {
    const { ttlMs, randomness } = this.#options;
    this.#snapshot = next;
    this.#failures = 0;
    this.#pausedUntil = -Infinity;
    if (this.#requested !== undefined && next.asOf >= this.#requested.asOf) {
      this.#requested = undefined;
    }
    this.#demanded = stillDemanded(this.#demanded, next.asOf);
    const share = REFRESH_AT - REFRESH_JITTER * randomness.random();
    this.#refreshAt = next.completedAt + ttlMs * share;
  }
}

/** What a snapshot of that time leaves unanswered. Of those between, the last is known alone. */
function stillDemanded(demanded: Demanded | undefined, asOf: number): Demanded | undefined {
  if (demanded === undefined || asOf >= demanded.last) return undefined;
  return asOf >= demanded.first ? { first: demanded.last, last: demanded.last } : demanded;
}
