/** "This content goes to this recipient": taken once within a window. */
export interface TripwireReservation {
  /** Keyed digest of recipient and rendered content, never the plain text. */
  readonly digest: string;
  /** Who reserves: key digest and effect, so that a retry finds its own reservation. */
  readonly holder: string;
  /** Of the claim it is reserved under. Replays of an earlier claim's commands change nothing. */
  readonly fence: number;
  readonly windowMs: number;
}

/** Reservations and sliding counts, shared by the replicas where the store is. */
export interface TripwireCounters {
  /** `taken` by another holder within the window, or ours; ours keeps the higher fence. */
  reserve(item: TripwireReservation): Promise<"reserved" | { readonly taken: string }>;
  /**
   * Gives the reservation back after a `rejected`: only the holder's own, and not one under a higher
   * fence, which the holder took again since.
   */
  free(item: TripwireReservation): Promise<void>;
  /**
   * Counts one in a sliding window and returns the count including this one. `member` makes a
   * replay count once.
   */
  count(item: {
    readonly counter: string;
    readonly member: string;
    readonly windowMs: number;
  }): Promise<number>;
}
