import { createConsumer, type Consumer } from "../consumer/consumer.js";
import type { ConsumerEvent, HoldReason } from "../events.js";
import type { MemoryStore } from "../memory-store/memory-store.js";
import type { Select } from "../message/admit.js";
import type { Decoder } from "../pipeline/decode.js";
import type { Pipeline } from "../pipeline/pipeline.js";
import { crashableProcess, type CrashPoint } from "./crashable-process.js";
import type { MemorySend } from "./memory-messages.js";
import { memoryQueue } from "./memory-queue.js";
import type { VirtualClock } from "./virtual-clock.js";

/** What the deliveries of one test share. */
export interface TestedService {
  readonly namespace: string;
  readonly clock: VirtualClock;
  readonly store: MemoryStore;
  readonly pipelines: readonly Pipeline[];
  readonly select: Select | undefined;
  readonly decode: Decoder | undefined;
  /** A name for the next replica. */
  readonly nextReplica: () => string;
}

/** Where a message ended, and why. */
export interface Verdict {
  readonly disposition: "done" | "held" | "deadLettered" | "retrying";
  readonly reason?: string;
}

const STEP_MS = 500;
/** Virtual time after which whatever still moves is reported as it stands. */
const LIMIT_MS = 20 * 60_000;
/** What waits for these, nothing moves but evidence or an operator. */
const FOR_SOMEBODY: ReadonlySet<HoldReason> = new Set(["unknown", "tripwire"]);

/** One message on a queue of its own, which replicas of a service work on, one after the other. */
export class TestedDelivery {
  readonly #service: TestedService;
  readonly #body: string;
  readonly #sending: MemorySend;
  readonly #deadLetterQueue;
  readonly #queue;
  readonly #id: string;
  readonly #replicas: Consumer[] = [];
  /** What waits in the newest replica, by message. */
  readonly #held = new Map<string, HoldReason>();
  readonly events: ConsumerEvent[] = [];

  constructor(service: TestedService, body: string, sending: MemorySend) {
    const { clock } = service;
    this.#service = service;
    this.#body = body;
    this.#sending = sending;
    this.#deadLetterQueue = memoryQueue({ clock, fifo: true, name: "dead.fifo" });
    this.#queue = memoryQueue({
      clock,
      fifo: true,
      deadLetterQueue: this.#deadLetterQueue,
      maxReceiveCount: 1_000,
    });
    this.#id = this.#queue.send(body, { ...sending, dedupId: "first" });
  }

  /**
   * Starts a replica, lets time pass until nothing moves any more, and stops it.
   *
   * @param how.atLeastMs so much time passes in any case
   */
  async run(how: {
    readonly crashAt?: CrashPoint | undefined;
    readonly redeliver?: number | undefined;
    readonly atLeastMs?: number | undefined;
  }): Promise<void> {
    const { clock } = this.#service;
    await this.#startReplica(how.crashAt);
    await clock.advance(how.atLeastMs ?? 0);
    let copies = how.redeliver ?? 0;
    for (let waited = 0; waited < LIMIT_MS; waited += STEP_MS) {
      await clock.advance(STEP_MS);
      if (copies > 0) this.#redeliver((copies -= 1));
      else if (this.#isAtRest()) break;
    }
    await clock.run(Promise.all(this.#replicas.slice(-1).map((consumer) => consumer.stop())));
  }

  /** Where the message is now. */
  verdict(): Verdict {
    const { events } = this;
    if (this.#deadLetterQueue.messages().length > 0) {
      const letter = events.findLast((event) => event.type === "deadLettered");
      const reason = `${letter?.code ?? ""}: ${letter?.text ?? ""}`;
      return { disposition: "deadLettered", reason };
    }
    if (this.#queue.messages().length === 0) return { disposition: "done" };
    const last = events.findLast((event) => event.type === "held" || isRetry(event));
    if (last?.type === "held") return { disposition: "held", reason: last.reason };
    return { disposition: "retrying", ...(last?.type === "retry" ? { reason: last.reason } : {}) };
  }

  async #startReplica(crashAt: CrashPoint | undefined): Promise<void> {
    const { clock, namespace, store, pipelines, select, decode, nextReplica } = this.#service;
    const process = crashableProcess({ clock, queue: this.#queue, store, pipelines, crashAt });
    this.#held.clear();
    const consumer = createConsumer({
      namespace,
      queue: process.queue,
      store: process.store,
      pipelines: process.pipelines,
      select,
      clock,
      randomness: { random: () => 0.5, id: nextReplica },
      maxTries: 10,
      decode,
      observe: (event) => {
        if (process.crashed()) return;
        this.events.push(event);
        if (event.type === "held") this.#held.set(event.messageId, event.reason);
        if (event.type === "resumed") this.#held.delete(event.messageId);
      },
    });
    await clock.run(consumer.start());
    process.onCrash(() => void this.#startReplica(undefined));
    this.#replicas.push(consumer);
  }

  #redeliver(copy: number): void {
    const isThere = this.#queue.messages().some(({ id }) => id === this.#id);
    if (isThere) this.#queue.redeliver(this.#id);
    else this.#queue.send(this.#body, { ...this.#sending, dedupId: `copy-${copy}` });
  }

  #isAtRest(): boolean {
    if (this.#queue.messages().length === 0) return true;
    const health = this.#replicas.at(-1)?.health();
    if (health === undefined || health.held === 0 || health.running > 0) return false;
    return [...this.#held.values()].every((reason) => FOR_SOMEBODY.has(reason));
  }
}

/** Going back at the end of a replica is no answer to what became of the message. */
function isRetry(event: ConsumerEvent): event is ConsumerEvent & { readonly type: "retry" } {
  return event.type === "retry" && event.reason !== "draining";
}
