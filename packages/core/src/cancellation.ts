/**
 * What an `AbortController` does for one run, with a signal that is only made when it is asked for:
 * an `AbortSignal` and its listener cost several microseconds a message, and most handlers never
 * look at theirs.
 */
export interface Cancellation {
  readonly aborted: boolean;
  readonly signal: AbortSignal;
  /** The first reason counts. */
  abort(reason: unknown): void;
  /**
   * Calls back once it is aborted, at once if it is already. One listener at a time: the next one
   * takes its place, `undefined` none.
   */
  listen(listener: (() => void) | undefined): void;
}

export function createCancellation(): Cancellation {
  let controller: AbortController | undefined;
  let aborted = false;
  let reason: unknown;
  let listener: (() => void) | undefined;

  return {
    get aborted() {
      return aborted;
    },
    get signal() {
      controller ??= new AbortController();
      if (aborted) controller.abort(reason);
      return controller.signal;
    },
    abort: (why) => {
      if (aborted) return;
      aborted = true;
      reason = why;
      controller?.abort(why);
      listener?.();
    },
    listen: (next) => {
      listener = next;
      if (aborted) listener?.();
    },
  };
}
