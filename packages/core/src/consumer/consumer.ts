import { ConfigurationError } from "../errors.js";
import { LONGEST_MS, optionsOf } from "../options.js";
import { judgeFindings, queueFindings, startChecks, tryBudget } from "./deployment.js";
import type { ConsumerOptions } from "./options.js";
import type { PipelineHealth } from "./pipeline-gates.js";
import { assemble, type ConsumerParts } from "./parts.js";
import { untilVerified } from "./until-verified.js";

/** What a health endpoint tells: restart where `live` is false, send no traffic where `ready` is. */
export interface ConsumerHealth {
  /** The process works: not a reason to restart it. False only after a fault of its own. */
  readonly live: boolean;
  /** It takes messages now. */
  readonly ready: boolean;
  /** Why it isn't ready. */
  readonly reason?: string;
  readonly state: "idle" | "starting" | "running" | "draining" | "stopped";
  readonly inFlight: number;
  readonly running: number;
  readonly held: number;
  /** By pipeline: one that is paused or whose provider is in trouble isn't ready, and the others go on. */
  readonly pipelines: Readonly<Record<string, PipelineHealth>>;
}

/** Handles a queue's messages, from `start` to `stop`. */
export interface Consumer extends AsyncDisposable {
  /**
   * Checks the queue, the store and the senders, waits for `ready`, then receives until `stop`.
   *
   * @throws ConfigurationError when the deployment can't keep the promises.
   */
  start(): Promise<void>;
  /**
   * Drains: stops receiving, lets running handlers end, hands back the rest, tells the queue, and
   * only then stops the heartbeats. Handlers still running at the deadline are aborted.
   *
   * @param options.deadlineMs default 30,000
   */
  stop(options?: { readonly deadlineMs?: number | undefined }): Promise<void>;
  /** Resolves once the consumer has stopped. */
  readonly finished: Promise<void>;
  /** How it is now. */
  health(): ConsumerHealth;
}

/** Whose deployment it is, for an error's text. */
const CALLER = "createConsumer";
const DEFAULT_DRAIN_MS = 30_000;
const checkStop = optionsOf("stop");
/** Of the drain deadline, what aborted handlers get to end in, ms. */
const ABORT_SHARE = 0.2;
/** Of that, what is kept for handing back what didn't end. */
const ABANDON_SHARE = 0.05;

/**
 * Wires pipelines to a queue and a store. A consumer runs once: after `stop`, make another.
 *
 * @example
 * ```ts
 * const consumer = createConsumer({
 *   namespace: "tis-notifications",
 *   queue: sqsQueue({ client: tunedSqsClient(), queueUrl }),
 *   store: redisStore({ client: new Redis(redisUrl) }),
 *   pipelines: [formReceived],
 *   ready: () => users.ready(),
 * });
 * await consumer.start();
 * process.once("SIGTERM", () => void consumer.stop({ deadlineMs: 30_000 }));
 * ```
 * @throws ConfigurationError naming the option that is missing or out of range
 */
export function createConsumer(options: ConsumerOptions): Consumer {
  const consumer = new QueueConsumer(options);
  return {
    start: () => consumer.start(),
    stop: (stopping) => consumer.stop(stopping),
    finished: consumer.finished,
    health: () => consumer.health(),
    [Symbol.asyncDispose]: () => consumer.stop(),
  };
}

/**
 * The life of a consumer: `idle` → `starting` (checks and waits) → `running` → `draining` → `stopped`.
 * A start that fails ends it at once; `stop` drains from any state. `#state` is written by `start`,
 * `#drain` and nobody else.
 */
class QueueConsumer {
  readonly #options: ConsumerOptions;
  readonly #parts: ConsumerParts;
  #state: ConsumerHealth["state"] = "idle";
  /** What stopped it, of its own. */
  #fault: { readonly error: unknown } | undefined = undefined;
  #stopping: Promise<void> | undefined = undefined;
  /** Ends a start that waits for the store or a sender. */
  readonly #starting = new AbortController();
  #waitingFor = "";
  #finish: () => void = () => undefined;
  readonly finished = new Promise<void>((resolve) => (this.#finish = resolve));

  constructor(options: ConsumerOptions) {
    this.#options = options;
    this.#parts = assemble(options);
  }

  async start(): Promise<void> {
    if (this.#state !== "idle") {
      throw new ConfigurationError(`start() was called while ${this.#state}: make a new consumer.`);
    }
    this.#state = "starting";
    try {
      const queueName = await this.#prepare();
      if (this.#stopping) return;
      this.#state = "running";
      this.#receive(queueName);
    } catch (error) {
      if (!this.#stopping) this.#end();
      throw error;
    }
  }

  async stop(options?: Parameters<Consumer["stop"]>[0]): Promise<void> {
    const deadlineMs = options?.deadlineMs ?? DEFAULT_DRAIN_MS;
    checkStop.number("deadlineMs", deadlineMs, { from: -LONGEST_MS, to: LONGEST_MS });
    this.#stopping ??=
      this.#state === "stopped" ? Promise.resolve() : this.#drain(Math.max(0, deadlineMs));
    await this.#stopping;
  }

  health(): ConsumerHealth {
    const { dispatcher, pipelines } = this.#parts;
    const state = this.#state;
    const reason = this.#unreadyBecause();
    return {
      live: this.#fault === undefined,
      ready: reason === undefined && this.#fault === undefined,
      ...(reason === undefined ? {} : { reason }),
      state,
      inFlight: dispatcher.inFlight,
      running: dispatcher.running,
      held: dispatcher.held,
      pipelines: pipelines.health(),
    };
  }

  #unreadyBecause(): string | undefined {
    const { gate, poller } = this.#parts;
    switch (this.#state) {
      case "running":
        return gate.closedBecause() ?? poller.failingBecause();
      case "starting":
        return `it is starting${this.#waitingFor}`;
      default:
        return `it is ${this.#state}`;
    }
  }

  /** Checks what has to be right, and waits for what has to be ready. */
  async #prepare(): Promise<string> {
    const { queue, ready } = this.#options;
    const { dispatcher, control, env } = this.#parts;
    const description = await queue.describe();
    judgeFindings(this.#judge(), "queue", queueFindings(description));
    const maxTries = tryBudget(CALLER, this.#options.maxTries, description);
    const { fifo, deadLetter } = description;
    const lastReceive = deadLetter && Math.max(1, deadLetter.maxReceiveCount - 1);
    const mostReceives = deadLetter?.maxReceiveCount;
    dispatcher.configure({ fifo, maxTries, lastReceive, mostReceives });
    await this.#verify();
    if (this.#stopping) return description.name;
    if ((await ready?.()) === false && !this.#stopping) {
      throw new ConfigurationError(
        "createConsumer: ready() resolved with false: what it waits for was stopped before it was ready.",
      );
    }
    await control.refresh().catch(env.onStoreFault);
    return description.name;
  }

  /** Asks the store and every sender, side by side, until each has answered. */
  #verify(): Promise<void> {
    const { clock, randomness, emit, store } = this.#parts.env;
    const { signal } = this.#starting;
    return untilVerified(startChecks(this.#judge(), store, this.#options.pipelines), {
      ...{ clock, randomness, signal },
      onUnavailable: ({ unavailable }, error, retryInMs) => {
        this.#waitingFor = error instanceof Error ? `: ${error.message}` : "";
        emit({ type: unavailable, error, retryInMs });
      },
    });
  }

  #judge() {
    return { caller: CALLER, allow: this.#parts.allow, emit: this.#parts.env.emit };
  }

  #receive(queueName: string): void {
    const { control, poller, env } = this.#parts;
    env.emit({ type: "started", queue: queueName });
    void control.run();
    poller.run().catch((error: unknown) => {
      this.#fault = { error };
      env.emit({ type: "internalError", error });
    });
  }

  /**
   * Handlers that still run at `abortAt` are aborted; what hasn't ended by `abandonAt` is given up, so that
   * by the deadline its message is handed back. From then on nothing is asked of the store or the queue.
   */
  async #drain(deadlineMs: number): Promise<void> {
    const { env, dispatcher, poller, abandon } = this.#parts;
    this.#state = "draining";
    this.#starting.abort();
    env.emit({ type: "draining", inFlight: dispatcher.inFlight });
    const deadline = env.time() + deadlineMs;
    const abortAt = deadline - deadlineMs * ABORT_SHARE;
    const abandonAt = deadline - deadlineMs * ABANDON_SHARE;
    dispatcher.close();
    await this.#until(abortAt, poller.stop());
    await this.#until(abortAt, dispatcher.emptied());
    dispatcher.abort();
    await this.#until(abandonAt, dispatcher.emptied());
    await this.#until(abandonAt, env.committer.settled());
    abandon.abort();
    await this.#until(deadline, dispatcher.emptied());
    await this.#until(deadline, env.committer.settled());
    this.#end();
    env.emit({ type: "stopped" });
  }

  #end(): void {
    const { keeper, control, closed, abandon } = this.#parts;
    abandon.abort();
    closed.abort();
    control.stop();
    keeper.stop();
    this.#state = "stopped";
    this.#finish();
  }

  /** Waits for the work, but not beyond `at`. Leaves no sleeper that keeps the process alive. */
  async #until(at: number, work: Promise<void>): Promise<void> {
    const { clock, time } = this.#parts.env;
    const ended = new AbortController();
    const settled = work.finally(() => {
      ended.abort();
    });
    await Promise.race([settled, clock.sleep(Math.max(0, at - time()), ended.signal)]);
  }
}
