import type { Clock, ControlState, DedupeStore } from "../ports/index.js";

/** Sending stops everywhere within about this long after a pause, in ms. */
const POLL_MS = 1_000;

export interface ControlWatchOptions {
  readonly clock: Clock;
  readonly store: DedupeStore;
  readonly namespace: string;
  readonly onStoreFault: (error: unknown) => void;
  readonly onAnswer: () => void;
  /** Called with each reading. */
  readonly onRead: (state: ControlState) => void;
  /** Called when a pause began or ended. */
  readonly onChange: () => void;
}

/**
 * Reads the control flags once a second. The same reading tells whether the store answers, so it
 * is also the probe that ends an outage.
 */
export interface ControlWatch {
  /** Reads once; rejects when the store can't be reached. */
  refresh(): Promise<void>;
  run(): Promise<void>;
  stop(): void;
  /** Why this pipeline may not send just now. */
  pausedReason(pipeline: string): string | undefined;
}

export function createControlWatch(options: ControlWatchOptions): ControlWatch {
  const { clock, store, namespace } = options;
  const stopping = new AbortController();
  let state: ControlState = { pipelines: {} };
  let described = describe(state);

  async function refresh(): Promise<void> {
    if (!store.control) {
      await store.read([]);
      return;
    }
    const next = await store.control.status(namespace);
    const before = described;
    described = describe(next);
    state = next;
    options.onRead(next);
    if (described !== before) options.onChange();
  }

  function pausedReason(pipeline: string): string | undefined {
    if (state.namespace) return `namespace ${namespace} is paused by ${state.namespace.by}`;
    const pause = Object.hasOwn(state.pipelines, pipeline) ? state.pipelines[pipeline] : undefined;
    return pause && `pipeline ${pipeline} is paused by ${pause.by}`;
  }

  return {
    refresh,
    pausedReason,
    run: async () => {
      while (!stopping.signal.aborted) {
        try {
          await refresh();
          options.onAnswer();
        } catch (error) {
          options.onStoreFault(error);
        }
        await clock.sleep(POLL_MS, stopping.signal);
      }
    },
    stop: () => {
      stopping.abort();
    },
  };
}

function describe(state: ControlState): string {
  return JSON.stringify([state.namespace !== undefined, Object.keys(state.pipelines).sort()]);
}
