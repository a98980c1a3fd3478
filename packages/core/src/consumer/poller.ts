import { equalJitter } from "../timing/backoff.js";
import type { Emit } from "../events.js";
import type { ReceiveGate } from "./receive-gate.js";
import type { Clock, MessageQueue, QueueMessage, Randomness } from "../ports/index.js";
import { createWakeUp, type WakeUp } from "../timing/alarm.js";

const MAX_BATCH = 10;
/** A queue that answers an empty receive before the long poll is over is not asked at once again. */
const EMPTY_PAUSE_MS = 250;
/** Nothing to do until something wakes the loop; looks again all the same, in ms. */
const IDLE_MS = 60_000;
/** One receive that fails is a passing matter. */
const FAILURES_TO_TELL = 2;
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
  readonly gate: Pick<ReceiveGate, "opened" | "closedBecause">;
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

/**
 * Receives only what there is room for. One poller waits on an empty queue; more join while
 * receives come back full, and leave again when one comes back empty.
 */
export class Poller {
  readonly #options: PollerOptions;
  readonly #stopping = new AbortController();
  readonly #wakeUp: WakeUp;
  readonly #fullRoom: number;
  readonly #underWay = new Set<Promise<void>>();
  /** How many receives may be under way at a time just now. */
  #wanted = 1;
  /** Room that receives under way may still fill. */
  #reserved = 0;
  /** The receives in a row that failed, and the last one's error. */
  #failures = 0;
  #lastError: unknown = undefined;
  #lingerUntil: number | undefined = undefined;
  /** Calls of `roomChanged` before looking again is worth it: to look counts all messages here. */
  #lacking = 0;
  #looping: Promise<void> | undefined = undefined;

  constructor(options: PollerOptions) {
    this.#options = options;
    this.#wakeUp = createWakeUp(options.clock, options.time);
    this.#fullRoom = Math.min(MAX_BATCH, options.capacity);
  }

  /** Why nothing is received, while receives fail again and again. */
  failingBecause(): string | undefined {
    if (this.#failures < FAILURES_TO_TELL) return undefined;
    const error = this.#lastError;
    return `receives fail: ${error instanceof Error ? error.message : String(error)}`;
  }

  /** Polls until `stop()`. */
  run(): Promise<void> {
    return (this.#looping ??= this.#loop());
  }

  /** Room was freed: a poller that waits for room looks again. */
  roomChanged(): void {
    this.#lacking -= 1;
    if (this.#lacking > 0 || this.#underWay.size >= this.#wanted) return;
    // A linger ends by itself, unless there is room for a full batch before.
    if (this.#lingerUntil !== undefined) this.#lacking = this.#fullRoom - this.#free();
    if (this.#lacking <= 0) this.#wakeUp.wake();
  }

  /** Stops asking; resolves when every request under way has answered and was handed on. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wakeUp.end();
    await this.#looping?.catch(() => undefined);
    await Promise.all(this.#underWay);
  }

  async #loop(): Promise<void> {
    const { gate, time } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await gate.opened(signal);
      const { max, waitMs } = this.#nextBatch();
      if (waitMs > 0) await this.#wakeUp.sleepUntil(time() + waitMs);
      else if (gate.closedBecause() === undefined && !signal.aborted) this.#start(max);
    }
  }

  #start(max: number): void {
    this.#lingerUntil = undefined;
    const receiving = this.#receive(max)
      .catch((error: unknown) => {
        this.#options.emit({ type: "internalError", error });
      })
      .finally(() => {
        this.#underWay.delete(receiving);
        this.#wakeUp.wake();
      });
    this.#underWay.add(receiving);
  }

  #free(): number {
    return this.#options.room() - this.#reserved;
  }

  /** How many to ask for: a full batch if room comes within the linger, else what there is. */
  #nextBatch(): { readonly max: number; readonly waitMs: number } {
    const full = this.#underWay.size >= this.#wanted;
    // The end of a receive wakes the loop by itself.
    this.#lacking = full ? Infinity : 1;
    const free = full ? 0 : this.#free();
    if (free <= 0) {
      this.#lingerUntil = undefined;
      return { max: 0, waitMs: IDLE_MS };
    }
    this.#lacking = this.#fullRoom - free;
    if (free >= this.#fullRoom) return { max: this.#fullRoom, waitMs: 0 };
    const now = this.#options.time();
    this.#lingerUntil ??= now + ROOM_LINGER_MS;
    return { max: free, waitMs: Math.max(0, this.#lingerUntil - now) };
  }

  /** SQS may answer with fewer than it has: only an empty answer says that there is no backlog. */
  #nextWanted(received: number, max: number): number {
    if (received === 0) return 1;
    return received < max ? this.#wanted : Math.min(this.#options.maxPollers, this.#wanted + 1);
  }

  async #receive(max: number): Promise<void> {
    const { queue, visibilityMs, waitMs, time } = this.#options;
    const { signal } = this.#stopping;
    this.#reserved += max;
    const sentAt = time();
    let messages: readonly QueueMessage[];
    try {
      messages = await queue.receive({ max, visibilityMs, waitMs, signal });
    } catch (error) {
      return await this.#failed(error);
    } finally {
      this.#reserved -= max;
    }
    await this.#received(messages, max, sentAt);
  }

  async #received(messages: readonly QueueMessage[], max: number, sentAt: number): Promise<void> {
    const { clock, time, emit, onMessages } = this.#options;
    this.#failures = 0;
    this.#wanted = this.#nextWanted(messages.length, max);
    if (messages.length > 0) {
      emit({ type: "received", count: messages.length });
      onMessages(messages, sentAt);
    } else {
      await clock.sleep(sentAt + EMPTY_PAUSE_MS - time(), this.#stopping.signal);
    }
  }

  async #failed(error: unknown): Promise<void> {
    const { clock, randomness, emit } = this.#options;
    this.#failures += 1;
    this.#lastError = error;
    this.#wanted = 1;
    const retryInMs = equalJitter(this.#failures, randomness.random(), ERROR_BACKOFF);
    emit({ type: "receiveFailed", error, retryInMs });
    await clock.sleep(retryInMs, this.#stopping.signal);
  }
}
