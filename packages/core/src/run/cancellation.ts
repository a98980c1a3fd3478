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
  return new LazyCancellation();
}

/** A class, since six closures for each message are worth saving. */
class LazyCancellation implements Cancellation {
  #controller: AbortController | undefined;
  #aborted = false;
  #reason: unknown;
  #listener: (() => void) | undefined;

  get aborted(): boolean {
    return this.#aborted;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#aborted) this.#controller.abort(this.#reason);
    return this.#controller.signal;
  }

  abort(reason: unknown): void {
    if (this.#aborted) return;
    this.#aborted = true;
    this.#reason = reason;
    this.#controller?.abort(reason);
    this.#listener?.();
  }

  listen(listener: (() => void) | undefined): void {
    this.#listener = listener;
    if (this.#aborted) listener?.();
  }
}
