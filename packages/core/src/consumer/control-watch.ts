import type { Clock, ControlState, DedupeStore } from "../ports/index.js";
import { ControlReadings } from "../run/control-readings.js";

/** Sending stops everywhere within about this long after a pause, in ms. */
const POLL_MS = 1_000;

export interface ControlWatchOptions {
  readonly clock: Clock;
  readonly store: DedupeStore;
  readonly namespace: string;
  readonly onStoreFault: (error: unknown) => void;
  readonly onAnswer: () => void;
  /** Called with each reading but those that a later one overtook. */
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
  const readings = new ControlReadings();
  let described = describe(readings.state);

  async function refresh(): Promise<void> {
    if (!store.control) {
      await store.read([]);
      return;
    }
    if (!(await readings.read(store.control, namespace))) return;
    const before = described;
    described = describe(readings.state);
    options.onRead(readings.state);
    if (described !== before) options.onChange();
  }

  function pausedReason(pipeline: string): string | undefined {
    const { state } = readings;
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
