import { createEmit } from "../events.js";
import { hardMargin } from "../leases/kept-delivery.js";
import { LeaseKeeper } from "../leases/lease-keeper.js";
import { leaseTime } from "../leases/lease-time.js";
import { createCommitter } from "../run/commit.js";
import type { RunEnvironment } from "../run/run.js";
import { keyedDigest } from "../run/tripwire.js";
import { createBatcher } from "../timing/batcher.js";
import type { DedupeStore, MessageQueue } from "../ports/index.js";
import { closableQueue, closableStore } from "./closable.js";
import { createControlWatch, type ControlWatch } from "./control-watch.js";
import { Dispatcher } from "./dispatcher.js";
import { consumerSettings, type ConsumerOptions, type ConsumerSettings } from "./options.js";
import { Poller } from "./poller.js";
import { ReceiveGate } from "./receive-gate.js";

const STORE_BATCH = 100;

/** What a consumer is made of. */
export interface ConsumerParts {
  readonly env: RunEnvironment;
  readonly gate: ReceiveGate;
  readonly keeper: LeaseKeeper;
  readonly control: ControlWatch;
  readonly dispatcher: Dispatcher;
  readonly poller: Poller;
  /** Aborts when the process gives up on what still runs. */
  readonly abandon: AbortController;
  /** Aborts at the end: nothing is asked of the store or the queue any more. */
  readonly closed: AbortController;
}

/** Makes the parts of a consumer and wires them. */
export function assemble(options: ConsumerOptions): ConsumerParts {
  const settings = consumerSettings(options);
  const abandon = new AbortController();
  const closed = new AbortController();
  const store = closableStore(options.store, closed.signal);
  const queue = closableQueue(options.queue, closed.signal);
  const { clock, randomness } = settings;
  const time = leaseTime(clock);
  const emit = createEmit(options.observe, () => clock.now());
  const gate = new ReceiveGate({ clock, time, randomness, emit });
  const control: ControlWatch = createControlWatch({
    clock,
    store,
    namespace: settings.namespace,
    pipelines: [...settings.pipelines.keys()],
    onStoreFault: (error) => {
      gate.storeFailed(error);
    },
    onAnswer: () => {
      gate.storeAnswered();
    },
    onChange: () => {
      gate.setPaused(control.allPausedReason());
      dispatcher.controlChanged();
    },
  });
  const env = environment(store, settings, { time, emit, gate, control }, abandon.signal);
  const keeper = new LeaseKeeper({
    ...env,
    queue,
    visibilityMs: settings.visibilityMs,
  });
  const dispatcher: Dispatcher = dispatcherOf(queue, settings, env, gate, keeper, () => {
    poller.roomChanged();
  });
  const poller = new Poller({
    ...env,
    queue,
    gate,
    visibilityMs: settings.visibilityMs,
    waitMs: settings.waitMs,
    maxPollers: settings.maxPollers,
    capacity: settings.concurrency,
    room: () => dispatcher.room(),
    onMessages: (messages, sentAt) => {
      dispatcher.receive(messages, sentAt);
    },
  });
  return { env, gate, keeper, control, dispatcher, poller, abandon, closed };
}

function environment(
  store: DedupeStore,
  { clock, randomness, namespace, delivery, digestSecret, visibilityMs }: ConsumerSettings,
  {
    time,
    emit,
    gate,
    control,
  }: Pick<RunEnvironment, "time" | "emit"> & Pick<ConsumerParts, "gate" | "control">,
  abandon: AbortSignal,
): RunEnvironment {
  const onStoreFault = (error: unknown): void => {
    gate.storeFailed(error);
  };
  return {
    namespace,
    clock,
    time,
    randomness,
    store,
    committer: createCommitter({ clock, randomness, onStoreFault, abandon }),
    abandon,
    delivery,
    digest: keyedDigest(digestSecret),
    emit,
    marginMs: hardMargin(visibilityMs),
    pausedReason: (pipeline) => control.pausedReason(pipeline),
    storeIsDown: () => gate.storeIsDown,
    onStoreFault,
    onProviderReply: (reply) => {
      gate.providerReplied(reply);
    },
  };
}

function dispatcherOf(
  queue: MessageQueue,
  admission: ConsumerSettings,
  env: RunEnvironment,
  gate: ReceiveGate,
  keeper: LeaseKeeper,
  onRoom: () => void,
): Dispatcher {
  const { clock, store, abandon: stopping } = env;
  // Who waits for the store takes room, so nobody waits for company as well.
  const batch = { clock, max: STORE_BATCH, lingerMs: 0, stopping };
  return new Dispatcher({
    env,
    queue,
    keeper,
    gate,
    admission,
    concurrency: admission.concurrency,
    completes: createBatcher({ ...batch, call: (items) => store.complete(items) }),
    releases: createBatcher({ ...batch, call: (items) => store.release(items) }),
    onRoom,
  });
}
