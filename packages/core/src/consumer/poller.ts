import { equalJitter } from "../timing/backoff.js";
import type { Emit } from "../events.js";
import type { Gate } from "./receive-gate.js";
import type { Clock, MessageQueue, QueueMessage, Randomness } from "../ports/index.js";
import { createWakeUp } from "../timing/alarm.js";

const MAX_BATCH = 10;
/** A queue that answers an empty receive before the long poll is over is not asked at once again. */
const EMPTY_PAUSE_MS = 250;
/** Nothing to do until something wakes the loop; looks again all the same, in ms. */
const IDLE_MS = 60_000;
const ERROR_BACKOFF = { baseMs: 1_000, maxMs: 30_000 };
/**
 * Milliseconds that freed room waits for company: asking for one message each time a handler ends
 * would cost a request a message.
 */
const ROOM_LINGER_MS = 50;

export interface PollerOptions {
  readonly clock: Clock;
  readonly time: () => number;
  readonly randomness: Randomness;
  readonly queue: MessageQueue;
  readonly gate: Gate;
  readonly visibilityMs: number;
  readonly waitMs: number;
  readonly maxPollers: number;
  /** Messages at a time that the consumer wants at most. */
  readonly capacity: number;
  /** How many more messages there is room for now. */
  readonly room: () => number;
  /** @param sentAt when the request was sent: visibility can't have begun earlier */
  readonly onMessages: (messages: readonly QueueMessage[], sentAt: number) => void;
  readonly emit: Emit;
}

export interface Poller {
  /** Polls until `stop()`. */
  run(): Promise<void>;
  /** Room was freed: a poller that waits for room looks again. */
  roomChanged(): void;
  /** Stops asking; resolves when every request under way has answered and was handed on. */
  stop(): Promise<void>;
}

/**
 * Receives only what there is room for. One poller waits on an empty queue; more join while
 * receives come back full, and leave again when one comes back empty.
 */
export function createPoller(options: PollerOptions): Poller {
  const { clock, time, queue, gate, emit } = options;
  const stopping = new AbortController();
  const wakeUp = createWakeUp(clock, time);
  const fullRoom = Math.min(MAX_BATCH, options.capacity);
  let wanted = 1;
  let reserved = 0;
  let failures = 0;
  let lingerUntil: number | undefined;
  /** Calls of `roomChanged` before looking again is worth it: to look counts all messages here. */
  let lacking = 0;
  const underWay = new Set<Promise<void>>();
  let looping: Promise<void> | undefined;

  async function loop(): Promise<void> {
    while (!stopping.signal.aborted) {
      await gate.opened(stopping.signal);
      const { max, waitMs } = nextBatch();
      if (waitMs > 0) {
        await wakeUp.sleepUntil(time() + waitMs);
      } else if (gate.closedBecause() === undefined && !stopping.signal.aborted) {
        lingerUntil = undefined;
        const receiving = receive(max).finally(() => {
          underWay.delete(receiving);
          wakeUp.wake();
        });
        underWay.add(receiving);
      }
    }
  }

  /** How many to ask for: a full batch if room comes within the linger, else what there is. */
  function nextBatch(): { readonly max: number; readonly waitMs: number } {
    const full = underWay.size >= wanted;
    // The end of a receive wakes the loop by itself.
    lacking = full ? Infinity : 1;
    const free = full ? 0 : options.room() - reserved;
    if (free <= 0) {
      lingerUntil = undefined;
      return { max: 0, waitMs: IDLE_MS };
    }
    lacking = fullRoom - free;
    if (free >= fullRoom) return { max: fullRoom, waitMs: 0 };
    const now = time();
    lingerUntil ??= now + ROOM_LINGER_MS;
    return { max: free, waitMs: Math.max(0, lingerUntil - now) };
  }

  /** SQS may answer with fewer than it has: only an empty answer says that there is no backlog. */
  function nextWanted(received: number, max: number): number {
    if (received === 0) return 1;
    return received < max ? wanted : Math.min(options.maxPollers, wanted + 1);
  }

  async function receive(max: number): Promise<void> {
    reserved += max;
    const sentAt = time();
    try {
      const messages = await queue.receive({
        max,
        visibilityMs: options.visibilityMs,
        waitMs: options.waitMs,
        signal: stopping.signal,
      });
      failures = 0;
      reserved -= max;
      wanted = nextWanted(messages.length, max);
      if (messages.length > 0) {
        emit({ type: "received", count: messages.length });
        options.onMessages(messages, sentAt);
      } else {
        await clock.sleep(sentAt + EMPTY_PAUSE_MS - time(), stopping.signal);
      }
    } catch (error) {
      reserved -= max;
      failures += 1;
      wanted = 1;
      const retryInMs = equalJitter(failures, options.randomness.random(), ERROR_BACKOFF);
      emit({ type: "receiveFailed", error, retryInMs });
      await clock.sleep(retryInMs, stopping.signal);
    }
  }

  return {
    run: () => (looping ??= loop()),
    roomChanged: () => {
      lacking -= 1;
      if (lacking > 0 || underWay.size >= wanted) return;
      // A linger ends by itself, unless there is room for a full batch before.
      if (lingerUntil !== undefined) lacking = fullRoom - (options.room() - reserved);
      if (lacking <= 0) wakeUp.wake();
    },
    stop: async () => {
      stopping.abort();
      wakeUp.end();
      await looping?.catch(() => undefined);
      await Promise.all(underWay);
    },
  };
}
