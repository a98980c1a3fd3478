/** A part of the pool, in the source's own order. */
export interface UserPage<User> {
  readonly users: readonly User[];
  /**
   * Where the next page starts, in the source's own words. Absent on the last page. A source
   * without such tokens never sets it; a walk that fails then starts again from the beginning.
   */
  readonly next?: string;
}

/** Where a walk is to begin, and when to end it. */
export interface PagesOptions {
  /** The `next` of the last page that arrived whole; absent to start at the beginning. */
  readonly from?: string;
  readonly signal: AbortSignal;
}

/**
 * What a fault of the source asks for. `throttled`: slow down, as long as it takes. `transient`:
 * try the same page again, a limited number of times. `tokenExpired`: the walk can only start anew.
 * `refused`: somebody has to mend it (no such pool, no permission): the walk is given up at once, and
 * `ready()` rejects where there is no snapshot yet.
 */
export type SourceFault = "throttled" | "transient" | "tokenExpired" | "refused";

/** Where the users come from: a Cognito pool, a directory, a table. */
export interface UserSource<User> {
  /**
   * Walks the pool. Ending without a `next` on the last page means that this was everything; a
   * throw, or an end while the last page still had a `next`, means that it wasn't.
   */
  pages(options: PagesOptions): AsyncIterable<UserPage<User>>;
  /**
   * Asks for the users of one key, where the source can. Cognito can't filter on custom attributes.
   * An empty answer is an answer; a throw is a fault.
   */
  find?(id: string, options: { readonly signal: AbortSignal }): Promise<readonly User[]>;
  /** Default: every fault is `transient`. */
  classify?(error: unknown): SourceFault;
}
