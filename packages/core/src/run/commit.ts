import { equalJitter } from "../timing/backoff.js";
import type { Clock, Randomness } from "../ports/index.js";

export interface CommitterOptions {
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly onStoreFault: (error: unknown) => void;
  /** Aborts when the process gives up: at the end of a drain. */
  readonly abandon: AbortSignal;
}

/**
 * Repeats a store operation through an outage until it answers. For what must not be forgotten
 * once the provider may have been asked: the commit is retried, never the send.
 */
export interface Committer {
  /**
   * @param onGivenUp called before it throws
   * @throws the store's last fault once the tries are used up or the process gives up.
   */
  commit<Reply>(
    operation: () => Promise<Reply>,
    maxTries?: number,
    onGivenUp?: () => void,
  ): Promise<Reply>;
  /** The same, without anyone waiting; `settled()` waits for all of these. */
  commitLater(operation: () => Promise<unknown>): void;
  settled(): Promise<void>;
}

export function createCommitter(options: CommitterOptions): Committer {
  const { clock, randomness, abandon } = options;
  const later = new Set<Promise<void>>();

  /** Without a frame of its own: every message comes by here up to three times, and few wait. */
  function commit<Reply>(
    operation: () => Promise<Reply>,
    maxTries = Infinity,
    onGivenUp?: () => void,
  ): Promise<Reply> {
    const failed = (error: unknown): Promise<Reply> => again(operation, error, maxTries, onGivenUp);
    try {
      return operation().then(undefined, failed);
    } catch (error) {
      return failed(error);
    }
  }

  async function again<Reply>(
    operation: () => Promise<Reply>,
    fault: unknown,
    maxTries: number,
    onGivenUp: (() => void) | undefined,
  ): Promise<Reply> {
    let error = fault;
    for (let tries = 1; ; tries += 1) {
      options.onStoreFault(error);
      if (tries >= maxTries || abandon.aborted) {
        onGivenUp?.();
        throw error;
      }
      const delayMs = equalJitter(tries, randomness.random(), { baseMs: 100, maxMs: 5_000 });
      await clock.sleep(delayMs, abandon);
      // One last try after the call to give up, since the outage may just have ended.
      try {
        return await operation();
      } catch (next) {
        error = next;
      }
    }
  }

  return {
    commit,
    commitLater: (operation) => {
      const underWay = commit(operation)
        .then(
          () => undefined,
          () => undefined,
        )
        .finally(() => later.delete(underWay));
      later.add(underWay);
    },
    settled: async () => {
      while (later.size > 0) await Promise.all(later);
    },
  };
}
