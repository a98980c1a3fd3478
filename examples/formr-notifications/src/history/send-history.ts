import type { HistoryFact } from "./history-fact.js";
import type { Notification } from "./notification.js";

/** What was sent to each trainee, when, why, and what became of it. */
export interface SendHistory {
  /**
   * Records facts, in any order, also ones that are recorded already (which only `suppressed`
   * counts again). Those of a notification that wasn't `seen` are kept until it is.
   */
  add(facts: readonly HistoryFact[]): Promise<void>;
  /** The trainee's notifications, the newest first. */
  page(traineeId: string, request: PageRequest): Promise<HistoryPage>;
  /** All there are, in no order. */
  notifications(): AsyncIterable<Notification>;
}

export interface PageRequest {
  /** At least 1. */
  readonly limit: number;
  /** Goes on behind the page that gave it. */
  readonly cursor?: PagePosition;
}

export interface HistoryPage {
  readonly notifications: readonly Notification[];
  /** Absent on the last page. */
  readonly next?: PagePosition;
}

/** A place in a trainee's list, which stays where it is while notifications come and go. */
export interface PagePosition {
  readonly at: number;
  readonly key: string;
}

export interface HistoryLimits {
  /** Milliseconds after its last fact for which a notification is kept. */
  readonly retentionMs: number;
  /** A trainee's oldest notifications make room beyond this. */
  readonly maxPerTrainee: number;
}

/** The places behind the cursor, the newest first, and one more where there is another page. */
export function placesFrom(
  places: readonly PagePosition[],
  { cursor, limit }: PageRequest,
): { readonly places: readonly PagePosition[]; readonly next?: PagePosition } {
  const behind = [...places]
    .sort(newestFirst)
    .filter((place) => cursor === undefined || newestFirst(cursor, place) < 0);
  const shown = behind.slice(0, limit);
  const last = shown.at(-1);
  return behind.length > limit && last ? { places: shown, next: last } : { places: shown };
}

function newestFirst(a: PagePosition, b: PagePosition): number {
  return b.at - a.at || (a.key < b.key ? 1 : a.key > b.key ? -1 : 0);
}
