import { createEmit } from "../events.js";
import { hardMargin } from "../leases/kept-delivery.js";
import { LeaseKeeper } from "../leases/lease-keeper.js";
import { commonAbortController } from "../timing/common-signal.js";
import { leaseTime } from "../leases/lease-time.js";
import { Breakers } from "../run/breakers.js";
import { createCommitter } from "../run/commit.js";
import type { RunEnvironment } from "../run/run.js";
import { Consents, TRIPWIRE } from "../run/consents.js";
import { keyedDigest } from "../run/tripwire.js";
import { createBatcher } from "../timing/batcher.js";
import type { DedupeStore, MessageQueue } from "../ports/index.js";
import { closableQueue, closableStore } from "./closable.js";
import { createControlWatch, type ControlWatch } from "./control-watch.js";
import { Dispatcher } from "./dispatcher.js";
import { consumerSettings, type ConsumerOptions, type ConsumerSettings } from "./options.js";
import { PipelineGates } from "./pipeline-gates.js";
import { Poller } from "./poller.js";
import { ReceiveGate } from "./receive-gate.js";

const STORE_BATCH = 100;

/** What a consumer is made of. */
export interface ConsumerParts {
  /** Codes of findings to start with. */
  readonly allow: readonly string[];
  readonly env: RunEnvironment;
  readonly gate: ReceiveGate;
  readonly pipelines: PipelineGates;
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
  const abandon = commonAbortController();
  const closed = commonAbortController();
  const store = closableStore(options.store, closed.signal);
  const queue = closableQueue(options.queue, closed.signal);
  const { clock, randomness } = settings;
  const time = leaseTime(clock);
  const emit = createEmit(options.observe, settings);
  const breakers = new Breakers({
    time,
    random: randomness.random,
    onChange: () => {
      changed();
    },
  });
  const consents = new Consents(time);
  const pipelines = new PipelineGates({
    pipelines: [...settings.pipelines.values()],
    breakers,
    pausedReason: (pipeline) => control.pausedReason(pipeline),
    heldOf: (pipeline) => dispatcher.heldOf(pipeline),
    emit,
  });
  const gate = new ReceiveGate({ clock, time, randomness, emit, pipelines });
  const changed = (): void => {
    gate.changed();
    dispatcher.lookAtWaiting();
  };
  const control: ControlWatch = createControlWatch({
    clock,
    store,
    namespace: settings.namespace,
    onStoreFault: (error) => {
      gate.storeFailed(error);
    },
    onRead: consents.note.bind(consents),
    onAnswer: () => {
      gate.storeAnswered();
      // Once a second: a throttle or a wait ends by itself.
      gate.review();
    },
    onChange: changed,
  });
  const shared = { time, emit, breakers, gate, control, consents };
  const env = environment(store, settings, shared, abandon.signal);
  const keeper = new LeaseKeeper({
    ...env,
    queue,
    visibilityMs: settings.visibilityMs,
  });
  const dispatcher: Dispatcher = dispatcherOf(queue, settings, env, keeper, () => {
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
    room: () => Math.min(dispatcher.room(), pipelines.limit()),
    onMessages: (messages, sentAt) => {
      dispatcher.receive(messages, sentAt);
    },
  });
  const { allow } = settings;
  return { allow, env, gate, pipelines, keeper, control, dispatcher, poller, abandon, closed };
}

function environment(
  store: DedupeStore,
  {
    clock,
    randomness,
    namespace,
    delivery,
    digestSecret,
    visibilityMs,
    instrument,
  }: ConsumerSettings,
  {
    time,
    emit,
    breakers,
    gate,
    control,
    consents,
  }: Pick<RunEnvironment, "time" | "emit" | "breakers" | "consents"> &
    Pick<ConsumerParts, "gate" | "control">,
  abandon: AbortSignal,
): RunEnvironment {
  const onStoreFault = (error: unknown): void => {
    gate.storeFailed(error);
  };
  const flags = store.control;
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
    instrument,
    marginMs: hardMargin(visibilityMs),
    pausedReason: (pipeline) => control.pausedReason(pipeline),
    pause:
      flags &&
      (async (pipeline, why) => {
        await flags.pause(namespace, pipeline, { by: TRIPWIRE, why }, { unlessPaused: true });
        await control.refresh();
      }),
    consents,
    storeIsDown: () => gate.storeIsDown,
    onStoreFault,
    breakers,
  };
}

function dispatcherOf(
  queue: MessageQueue,
  admission: ConsumerSettings,
  env: RunEnvironment,
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
    admission,
    concurrency: admission.concurrency,
    maxHeld: admission.maxHeld,
    completes: createBatcher({ ...batch, call: (items) => store.complete(items) }),
    releases: createBatcher({ ...batch, call: (items) => store.release(items) }),
    onRoom,
  });
}
