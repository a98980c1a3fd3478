import type { Clock, Randomness } from "../ports/index.js";
import type { PagesOptions, SourceFault, UserPage, UserSource } from "./source.js";

export interface WalkOptions<User> {
  readonly source: UserSource<User>;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly signal: AbortSignal;
  /** A page that takes longer counts as failed, so that a source that hangs ends too. */
  readonly pageTimeoutMs: number;
  /** Failures in a row on one page after which the walk is given up. Throttling doesn't count. */
  readonly maxPageFailures: number;
  onPage(page: UserPage<User>): Promise<void>;
  /** The walk begins again: what earlier pages brought is to be forgotten. */
  onRestart(): void;
  onFault(fault: PageFault): void;
}

export interface PageFault {
  readonly fault: SourceFault;
  readonly error: unknown;
  readonly failures: number;
  readonly retryInMs: number;
}

export type WalkEnd =
  | { readonly status: "complete" }
  | { readonly status: "aborted" }
  | { readonly status: "failed"; readonly error: unknown; readonly fault: SourceFault };

const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 30_000;

/**
 * Walks a whole pool. What fails in the middle goes on from the last page that arrived whole;
 * `complete` is only said when the source itself said that there is nothing more.
 */
export async function walkPool<User>(options: WalkOptions<User>): Promise<WalkEnd> {
  const { source, clock, randomness, signal } = options;
  let from: string | undefined;
  let begun = false;
  let failures = 0;
  let inARow = 0;

  for (;;) {
    try {
      if (signal.aborted) return { status: "aborted" };
      for await (const page of pagesWithin(options, from)) {
        if (signal.aborted) return { status: "aborted" };
        if (page.next !== undefined && page.next === from) {
          throw new Error("the source named the page it just gave as the next one");
        }
        await options.onPage(page);
        begun = true;
        failures = inARow = 0;
        from = page.next;
      }
      if (from === undefined) return { status: "complete" };
      throw new Error("the source ended although its last page named a next one");
    } catch (error) {
      if (signal.aborted) return { status: "aborted" };
      const fault = source.classify?.(error) ?? "transient";
      inARow += 1;
      if (fault !== "throttled") failures += 1;
      if (fault === "refused" || failures > options.maxPageFailures) {
        return { status: "failed", error, fault };
      }
      if (fault === "tokenExpired" || (begun && from === undefined)) {
        options.onRestart();
        from = undefined;
        begun = false;
      }
      const retryInMs = backoffMs(inARow, randomness);
      options.onFault({ fault, error, failures: inARow, retryInMs });
      await clock.sleep(retryInMs, signal);
    }
  }
}

/** Between half and all of a doubling pause, so that replicas don't come back in step. */
function backoffMs(inARow: number, randomness: Randomness): number {
  const ceiling = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(inARow - 1, 16));
  return Math.round(ceiling * (0.5 + randomness.random() / 2));
}

/** The source's pages, each of them within the time limit. */
async function* pagesWithin<User>(
  { source, clock, signal, pageTimeoutMs }: WalkOptions<User>,
  from: string | undefined,
): AsyncGenerator<UserPage<User>, void, void> {
  const abort = new AbortController();
  let nap = new AbortController();
  const end = () => {
    abort.abort(signal.reason);
    nap.abort();
  };
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  const options: PagesOptions =
    from === undefined ? { signal: abort.signal } : { from, signal: abort.signal };
  const iterator = source.pages(options)[Symbol.asyncIterator]();
  try {
    while (!abort.signal.aborted) {
      nap = new AbortController();
      const next = iterator.next();
      const timeout = clock.sleep(pageTimeoutMs, nap.signal).then(() => undefined);
      // The page may still fail when nobody asks for it any more.
      next.catch(() => undefined);
      const result = await Promise.race([next, timeout]).finally(() => nap.abort());
      if (abort.signal.aborted) return;
      if (result === undefined) throw new Error(`a page took longer than ${pageTimeoutMs} ms`);
      if (result.done === true) return;
      yield result.value;
    }
  } finally {
    signal.removeEventListener("abort", end);
    abort.abort();
    // A generator that hangs in a request would never answer, so this isn't awaited.
    void iterator.return?.().catch(() => undefined);
  }
}
