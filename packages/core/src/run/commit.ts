import { equalJitter } from "../timing/backoff.js";
import { UnreadableRecordError } from "../errors.js";
import type { Clock, Randomness } from "../ports/index.js";

export interface CommitterOptions {
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly onStoreFault: (error: unknown) => void;
  /** Aborts when the process gives up: at the end of a drain. */
  readonly abandon: AbortSignal;
}

export interface CommitLimits {
  /** Default: no limit. */
  readonly maxTries?: number;
  /** Asked before each repetition, the last one included. Default: always. */
  readonly mayRepeat?: () => boolean;
  /** Called before it throws. */
  readonly onGivenUp?: () => void;
}

const UNLIMITED: CommitLimits = {};

/**
 * Repeats a store operation through an outage until it answers. For what must not be forgotten
 * once the provider may have been asked: the commit is retried, never the send.
 */
export interface Committer {
  /**
   * @throws the store's last fault once the tries are used up or the process gives up, and at once where
   *   no try can help: `UnreadableRecordError`
   */
  commit<Reply>(operation: () => Promise<Reply>, limits?: CommitLimits): Promise<Reply>;
  /** The same, without anyone waiting. */
  commitLater(operation: () => Promise<unknown>): void;
  /**
   * Resolves once nothing is repeated and nothing committed later is under way: also not what a run
   * waited for whose handler was given up on.
   */
  settled(): Promise<void>;
}

export function createCommitter(options: CommitterOptions): Committer {
  const { clock, randomness, abandon } = options;
  const underWay = new Set<Promise<void>>();

  /** Without a frame of its own: every message comes by here up to three times, and few wait. */
  function commit<Reply>(operation: () => Promise<Reply>, limits = UNLIMITED): Promise<Reply> {
    const failed = (error: unknown): Promise<Reply> => kept(again(operation, error, limits));
    try {
      return operation().then(undefined, failed);
    } catch (error) {
      return failed(error);
    }
  }

  async function again<Reply>(
    operation: () => Promise<Reply>,
    fault: unknown,
    { maxTries = Infinity, mayRepeat, onGivenUp }: CommitLimits,
  ): Promise<Reply> {
    let error = fault;
    for (let tries = 1; ; tries += 1) {
      options.onStoreFault(error);
      const isHopeless = error instanceof UnreadableRecordError;
      let over = isHopeless || tries >= maxTries || abandon.aborted;
      if (!over) {
        const delayMs = equalJitter(tries, randomness.random(), { baseMs: 100, maxMs: 5_000 });
        await clock.sleep(delayMs, abandon);
        over = mayRepeat?.() === false;
      }
      if (over) {
        onGivenUp?.();
        throw error;
      }
      // One last try after the call to give up, since the outage may just have ended.
      try {
        return await operation();
      } catch (next) {
        error = next;
      }
    }
  }

  function kept<Reply>(work: Promise<Reply>): Promise<Reply> {
    const forget = () => {
      underWay.delete(ending);
    };
    const ending: Promise<void> = work.then(forget, forget);
    underWay.add(ending);
    return work;
  }

  return {
    commit,
    commitLater: (operation) => {
      kept(commit(operation)).catch(() => undefined);
    },
    settled: async () => {
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}
