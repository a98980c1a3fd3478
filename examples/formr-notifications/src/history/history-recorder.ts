import type { Clock } from "@exactly-once/core/ports";
import type { HistoryFact } from "./history-fact.js";
import type { SendHistory } from "./send-history.js";

export interface HistoryRecorderOptions {
  readonly history: Pick<SendHistory, "add">;
  readonly clock: Clock;
  /** Facts that wait while the history can't be written; the oldest make room. Default 10,000. */
  readonly capacity?: number;
  /** Hears of each failed write, and how many facts were lost since it last heard. */
  readonly onTrouble: (trouble: { readonly lost: number; readonly error?: unknown }) => void;
}

export interface HistoryRecorder {
  /** Takes a fact and returns at once; never throws. */
  record(fact: HistoryFact): void;
  /** Writes what is left, for at most so long; the rest is lost. */
  stop(options: { readonly deadlineMs: number }): Promise<void>;
}

const BATCH = 200;
const SHORTEST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;

/**
 * Writes a history beside the messages: no message waits for it. Facts are kept in memory until
 * they are written, so a killed process loses those of its last moments, and an outage of the
 * history that outlasts the capacity loses the oldest. What is lost is missing from the history
 * and from nothing else; SES's events tell again what was sent.
 */
export function createHistoryRecorder(options: HistoryRecorderOptions): HistoryRecorder {
  const { history, clock, capacity = 10_000, onTrouble } = options;
  const stopping = new AbortController();
  let waiting: HistoryFact[] = [];
  let writing: Promise<void> | undefined;
  let lost = 0;

  function report(error?: unknown): void {
    onTrouble({ lost, ...(error === undefined ? {} : { error }) });
    lost = 0;
  }

  async function writeAll(): Promise<void> {
    // What is recorded in the same turn goes out together.
    await Promise.resolve();
    let waitMs = SHORTEST_WAIT_MS;
    while (waiting.length > 0) {
      const batch = new Set(waiting.slice(0, BATCH));
      try {
        await history.add([...batch]);
        waiting = waiting.filter((fact) => !batch.has(fact));
        waitMs = SHORTEST_WAIT_MS;
        if (lost > 0) report();
      } catch (error) {
        report(error);
        if (stopping.signal.aborted) break;
        await clock.sleep(waitMs, stopping.signal);
        waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS);
      }
    }
    writing = undefined;
  }

  return {
    record(fact) {
      waiting.push(fact);
      if (waiting.length > capacity) {
        waiting.shift();
        lost += 1;
      }
      writing ??= writeAll();
    },

    async stop({ deadlineMs }) {
      stopping.abort();
      if (writing) await Promise.race([writing, clock.sleep(deadlineMs)]);
      lost += waiting.length;
      if (lost > 0) report();
    },
  };
}
