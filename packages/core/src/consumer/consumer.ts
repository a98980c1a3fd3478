import { createBatcher } from "../timing/batcher.js";
import { createCommitter } from "../run/commit.js";
import { consumerSettings, type ConsumerOptions } from "./options.js";
import { createControlWatch } from "./control-watch.js";
import { isSimulating } from "../pipeline/delivery.js";
import { createDispatcher, type Dispatcher } from "./dispatcher.js";
import { ConfigurationError } from "../errors.js";
import { createEmit } from "../events.js";
import { createGate } from "./receive-gate.js";
import { createLeaseKeeper, hardMargin } from "../leases/lease-keeper.js";
import { leaseTime } from "../leases/lease-time.js";
import { createPoller } from "./poller.js";
import type { QueueDescription } from "../ports/index.js";
import { verifySenders } from "./verify-senders.js";
import type { RunEnvironment } from "../run/run.js";
import { keyedDigest } from "../run/tripwire.js";

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
}

export interface Consumer extends AsyncDisposable {
  /**
   * Checks the queue and the senders, waits for `ready`, then receives until `stop`.
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
  stop(options?: { readonly deadlineMs?: number }): Promise<void>;
  /** Resolves once the consumer has stopped. */
  readonly finished: Promise<void>;
  health(): ConsumerHealth;
}

const DEFAULT_DRAIN_MS = 30_000;
/** Of the drain deadline, what aborted handlers get to end in, ms. */
const ABORT_SHARE = 0.2;
const STORE_BATCH = 100;

/** Wires pipelines to a queue and a store. A consumer runs once: after `stop`, make another. */
export function createConsumer(options: ConsumerOptions): Consumer {
  const settings = consumerSettings(options);
  const { clock, randomness, namespace, visibilityMs } = settings;
  const { queue, store } = options;
  const time = leaseTime(clock);
  const emit = createEmit(options.observe, () => clock.now());
  const gate = createGate({ clock, time, randomness, emit });
  const onStoreFault = (error: unknown): void => {
    gate.storeFailed(error);
  };
  const abandon = new AbortController();
  const committer = createCommitter({ clock, randomness, onStoreFault, abandon: abandon.signal });
  const keeper = createLeaseKeeper({ clock, time, queue, store, visibilityMs, emit, onStoreFault });
  const control = createControlWatch({
    clock,
    store,
    namespace,
    pipelines: [...settings.pipelines.keys()],
    onStoreFault,
    onAnswer: () => {
      gate.storeAnswered();
    },
    onChange: () => {
      gate.setPaused(control.allPausedReason());
      dispatcher.controlChanged();
    },
  });
  const env: RunEnvironment = {
    namespace,
    clock,
    time,
    randomness,
    store,
    committer,
    abandon: abandon.signal,
    delivery: settings.delivery,
    digest: keyedDigest(settings.digestSecret),
    emit,
    marginMs: hardMargin(visibilityMs),
    pausedReason: (pipeline) => control.pausedReason(pipeline),
    onStoreFault,
    onProviderReply: (reply) => {
      gate.providerReplied(reply);
    },
  };
  // Who waits for the store takes room, so nobody waits for company as well.
  const batch = { clock, max: STORE_BATCH, lingerMs: 0, stopping: abandon.signal };
  const dispatcher: Dispatcher = createDispatcher({
    env,
    queue,
    keeper,
    gate,
    admission: settings,
    concurrency: settings.concurrency,
    simulated: isSimulating(settings.delivery),
    completes: createBatcher({ ...batch, call: (items) => store.complete(items) }),
    releases: createBatcher({ ...batch, call: (items) => store.release(items) }),
    onRoom: () => {
      poller.roomChanged();
    },
  });
  const poller = createPoller({
    clock,
    time,
    randomness,
    queue,
    gate,
    visibilityMs,
    waitMs: settings.waitMs,
    maxPollers: settings.maxPollers,
    capacity: settings.concurrency,
    room: () => dispatcher.room(),
    onMessages: (messages, sentAt) => {
      dispatcher.receive(messages, sentAt);
    },
    emit,
  });

  let state: ConsumerHealth["state"] = "idle";
  let fault: unknown;
  let stopping: Promise<void> | undefined;
  /** Ends a start that waits for a sender. */
  const starting = new AbortController();
  let waitingFor = "";
  let finish: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => (finish = resolve));

  async function start(): Promise<void> {
    if (state !== "idle") {
      throw new ConfigurationError(`start() was called while ${state}: make a new consumer.`);
    }
    state = "starting";
    try {
      const description = await queue.describe();
      const maxReceives = receiveBudget(options, description);
      dispatcher.configure({ fifo: description.fifo, maxReceives });
      await verifySenders(options.pipelines, {
        ...{ clock, randomness, signal: starting.signal },
        onUnavailable: (error, retryInMs) => {
          waitingFor = error instanceof Error ? `: ${error.message}` : "";
          emit({ type: "senderUnavailable", error, retryInMs });
        },
      });
      if (isStopping()) return;
      await options.ready?.();
      await control.refresh().catch(onStoreFault);
      if (isStopping()) return;
      state = "running";
      emit({ type: "started", queue: description.name });
      void control.run();
      poller.run().catch((error: unknown) => {
        fault = error;
        emit({ type: "internalError", error });
      });
    } catch (error) {
      if (!isStopping()) {
        state = "stopped";
        keeper.stop();
        finish();
      }
      throw error;
    }
  }

  function unready(): string {
    return `it is ${state}${state === "starting" ? waitingFor : ""}`;
  }

  function isStopping(): boolean {
    return stopping !== undefined;
  }

  async function drain(deadlineMs: number): Promise<void> {
    state = "draining";
    starting.abort();
    emit({ type: "draining", inFlight: dispatcher.inFlight });
    const deadline = time() + deadlineMs;
    const abortAt = deadline - deadlineMs * ABORT_SHARE;
    dispatcher.close();
    await until(abortAt, poller.stop());
    await dispatcher.drain(abortAt, deadline);
    await until(deadline, committer.settled());
    abandon.abort();
    control.stop();
    keeper.stop();
    state = "stopped";
    emit({ type: "stopped" });
    finish();
  }

  /** Waits for the work, but not beyond `at`. Leaves no sleeper that keeps the process alive. */
  async function until(at: number, work: Promise<void>): Promise<void> {
    const ended = new AbortController();
    const settled = work.finally(() => {
      ended.abort();
    });
    await Promise.race([settled, clock.sleep(Math.max(0, at - time()), ended.signal)]);
  }

  const stop: Consumer["stop"] = ({ deadlineMs = DEFAULT_DRAIN_MS } = {}) =>
    (stopping ??= state === "stopped" ? Promise.resolve() : drain(deadlineMs));

  return {
    start,
    stop,
    finished,
    health: () => {
      const reason = state === "running" ? gate.closedBecause() : unready();
      return {
        live: fault === undefined,
        ready: reason === undefined && fault === undefined,
        ...(reason === undefined ? {} : { reason }),
        state,
        inFlight: dispatcher.inFlight,
        running: dispatcher.running,
        held: dispatcher.held,
      };
    },
    [Symbol.asyncDispose]: () => stop(),
  };
}

/** How many tries a message gets before we dead-letter it; `undefined` leaves it to the queue. */
function receiveBudget(
  options: ConsumerOptions,
  description: QueueDescription,
): number | undefined {
  const { deadLetter, name, unreadable } = description;
  if (!deadLetter && !options.allowNoDeadLetterQueue) {
    throw new ConfigurationError(
      unreadable ??
        `Queue ${name} has no redrive policy: what can't be handled would come back for ever. Give it a dead-letter queue, or pass allowNoDeadLetterQueue: true.`,
    );
  }
  if (!deadLetter) return undefined;
  const budget = options.maxReceives ?? Math.max(1, deadLetter.maxReceiveCount - 1);
  if (budget > deadLetter.maxReceiveCount) {
    throw new ConfigurationError(
      `maxReceives is ${budget}, but queue ${name} moves messages away after ${deadLetter.maxReceiveCount} receives: ours must come first.`,
    );
  }
  return budget;
}
