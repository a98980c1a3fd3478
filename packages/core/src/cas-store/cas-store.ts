import { optionsOf, LONGEST_TIMER_MS } from "../options.js";
import { DEFAULT_RETENTION_MS } from "../memory-store/memory-store.js";
import type {
  Clock,
  ControlFlags,
  DedupeStore,
  Randomness,
  ReconcileProgress,
  TripwireCounters,
} from "../ports/index.js";
import { viewRecord } from "../record/view.js";
import { systemClock, systemRandomness } from "../timing/system-clock.js";
import { unresolvedPage } from "./attention.js";
import { casControl } from "./cas-control.js";
import type { CasPort } from "./cas-port.js";
import { casProgress } from "./cas-progress.js";
import { casClaims, casEffects } from "./cas-records.js";
import { casTripwire } from "./cas-tripwire.js";
import { recordName } from "./cell-name.js";
import { createExchange } from "./exchange.js";
import { portCalls } from "./port-calls.js";
import { recordExchange, standing } from "./record-exchange.js";
import { decodeRecord } from "./record-format.js";
import { storeTime } from "./store-time.js";

/** Of a {@link casStore}. */
export interface CasStoreOptions {
  /** Milliseconds a done record is kept after it was last seen. Default 28 days. */
  readonly retentionMs?: number | undefined;
  /** Milliseconds after which a call of the port without an answer is a fault. Default 2,000. */
  readonly callTimeoutMs?: number | undefined;
  /**
   * Milliseconds that the clocks of two processes (the operator's tool included) may differ by, where the
   * port's clock is the caller's. Verdicts, burials and windows wait for so much longer. Default 30,000; 0,
   * and not to be given, where the clock is the store's.
   */
  readonly maxSkewMs?: number | undefined;
  /** Records per page of `unresolved()`. Default 100. */
  readonly pageSize?: number | undefined;
  /** Told when a rate couldn't be counted; the send isn't stopped by that. Must not throw. */
  readonly onUncounted?: ((error: Error) => void) | undefined;
  /** Default: the system's. */
  readonly clock?: Clock | undefined;
  /** Default: the system's. */
  readonly randomness?: Pick<Randomness, "id"> | undefined;
}

/** A complete store over a {@link CasPort}. */
export interface CasStore extends DedupeStore {
  readonly control: ControlFlags;
  readonly tripwire: TripwireCounters;
  /** How far the provider's events were processed, for a reconciler. */
  readonly progress: ReconcileProgress;
  /**
   * Whether the store answers a read, within the call timeout.
   * @throws StoreUnavailableError when it doesn't
   */
  ping(): Promise<void>;
}

const DEFAULT_TIMEOUT_MS = 2_000;
const DEFAULT_SKEW_MS = 30_000;
const DEFAULT_PAGE = 100;
const SWEEP_EVERY_MS = 60_000;
const SWEPT_AT_A_TIME = 500;

/**
 * Makes a `DedupeStore` of anything that can compare and set: reads a record with its revision, applies the
 * functions of `record/`, and writes under the condition that the revision stands. There is no second
 * implementation of the protocol, and nothing to prove again.
 *
 * @example
 * ```ts
 * const store = casStore(myPort, { retentionMs: 14 * 24 * 60 * 60_000 });
 * ```
 */
export function casStore(port: CasPort, options: CasStoreOptions = {}): CasStore {
  const settings = casSettings(port, options);
  const { clock, policy, maxSkewMs, pageSize, callTimeoutMs, onUncounted } = settings;
  const time = storeTime(port, clock);
  const calls = portCalls({ port, clock, time, callTimeoutMs });
  const exchange = createExchange(calls, time, settings.randomness);
  const run = recordExchange({ exchange, calls, time, clock });
  const claims = casClaims(run, policy);
  const sweep = sweeper(port, clock, calls.deleteExpired);

  return {
    capabilities: { durable: port.durable, shared: port.shared, clock: port.clock },
    control: casControl(exchange, calls, time),
    tripwire: casTripwire({ exchange, calls, time, maxSkewMs, onUncounted }),
    progress: casProgress(exchange, calls),
    ...claims,
    ...casEffects(run, policy, maxSkewMs),
    claim: async (items) => (await Promise.all([claims.claim(items), sweep()]))[0],
    unresolved: async (cursor) => {
      await calls.learnTime();
      return unresolvedPage(calls, time, cursor, pageSize);
    },
    read: async (keys) => {
      if (keys.length > 0) await calls.learnTime();
      const names = keys.map(recordName);
      const distinct = [...new Set(names)];
      const cells = await calls.readMany(distinct);
      const views = new Map(distinct.map((name, i) => [name, viewed(name, cells[i])]));
      return names.map((name) => views.get(name));
    },
    ping: async () => {
      await calls.read(recordName("ping"));
    },
  };

  function viewed(name: string, cell: Awaited<ReturnType<typeof calls.readMany>>[number]) {
    if (cell === undefined || cell instanceof Error) return cell;
    try {
      const now = time.now();
      return viewRecord(standing(decodeRecord(name, cell.value).record, now), now);
    } catch (error) {
      if (error instanceof Error) return error;
      throw error;
    }
  }
}

/** Deletes what is past its time now and then, for databases that don't do it by themselves. */
function sweeper(
  port: CasPort,
  clock: Clock,
  deleteExpired: (limit: number) => Promise<number>,
): () => Promise<void> {
  if (port.deleteExpired === undefined) return async () => {};
  let nextAt = clock.monotonic() + SWEEP_EVERY_MS;
  return async () => {
    if (clock.monotonic() < nextAt) return;
    nextAt = clock.monotonic() + SWEEP_EVERY_MS;
    // A store that can't do this now has no fault that a claim would care for.
    const deleted = await deleteExpired(SWEPT_AT_A_TIME).catch(() => 0);
    if (deleted === SWEPT_AT_A_TIME) nextAt = clock.monotonic();
  };
}

function casSettings(port: CasPort, options: CasStoreOptions) {
  const check = optionsOf("casStore");
  const { randomness = systemRandomness(), clock = systemClock() } = options;
  const retentionMs = check.ms("retentionMs", options.retentionMs ?? DEFAULT_RETENTION_MS);
  check.methods("port", port, ["read", "write", "attend", "attention"], "a CasPort");
  if (port.clock === "store" && (options.maxSkewMs ?? 0) !== 0) {
    check.refuse("maxSkewMs is given, but this port's clock is the store's: leave it out.");
  }
  const skew = options.maxSkewMs ?? (port.clock === "store" ? 0 : DEFAULT_SKEW_MS);
  return {
    clock,
    randomness,
    policy: { retentionMs },
    maxSkewMs: check.ms("maxSkewMs", skew, { from: 0 }),
    callTimeoutMs: check.ms("callTimeoutMs", options.callTimeoutMs ?? DEFAULT_TIMEOUT_MS, {
      to: LONGEST_TIMER_MS,
    }),
    pageSize: check.integer("pageSize", options.pageSize ?? DEFAULT_PAGE, { from: 1, to: 10_000 }),
    onUncounted: options.onUncounted ?? (() => {}),
  };
}
