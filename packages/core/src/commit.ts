import { equalJitter } from "./backoff.js";
import type { Clock, Randomness } from "./ports/index.js";

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
  /** @throws the store's last fault once the process gives up. */
  commit<Reply>(operation: () => Promise<Reply>, maxTries?: number): Promise<Reply>;
  /** The same, without anyone waiting; `settled()` waits for all of these. */
  commitLater(operation: () => Promise<unknown>): void;
  settled(): Promise<void>;
}

export function createCommitter(options: CommitterOptions): Committer {
  const { clock, randomness, abandon } = options;
  const later = new Set<Promise<void>>();

  async function commit<Reply>(
    operation: () => Promise<Reply>,
    maxTries = Infinity,
  ): Promise<Reply> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await operation();
      } catch (error) {
        options.onStoreFault(error);
        if (attempt >= maxTries || abandon.aborted) throw error;
        const delayMs = equalJitter(attempt, randomness.random(), { baseMs: 100, maxMs: 5_000 });
        await clock.sleep(delayMs, abandon);
        // One last try after the call to give up, since the outage may just have ended.
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
