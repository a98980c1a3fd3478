import type { DedupeStore } from "@exactly-once/core";
import {
  LONGEST_TIMER_MS,
  optionsOf,
  type Clock,
  type ReconcileProgress,
  systemClock,
  type UnresolvedItem,
} from "@exactly-once/core/ports";
import {
  judgeSilence,
  silenceLimits,
  type EventBacklog,
  type SilenceFacts,
  type SilenceLimits,
} from "./judge-silence.js";
import { createTell, type ReconcileObserver, type Tell } from "./reconcile-observation.js";

/** What may be judged, and by what. */
export interface ReconcilerOptions {
  readonly namespace: string;
  readonly store: DedupeStore;
  /** The same that the service's `createSesEventReconciler` notes its progress in. */
  readonly progress: ReconcileProgress;
  /** Counts what waits in the event queue and in its dead-letter queue. */
  readonly backlog: () => Promise<EventBacklog>;
  /**
   * Which effects go through SES and may be judged: the pipelines whose policy is `reconcile`, each
   * with the names of its effects. Nothing else is touched.
   */
  readonly effects: Readonly<Record<string, readonly string[]>>;
  /** How often to look, ms. Default 30,000. */
  readonly intervalMs?: number | undefined;
  /**
   * How long all conditions must hold, at every look, before "not sent" is said, ms. Default
   * 120,000: SQS's counts take about a minute to become right.
   */
  readonly settleMs?: number | undefined;
  /** How long after its attempt's deadline an event may come, ms. Default 15 minutes. */
  readonly quietMs?: number | undefined;
  /** How far the clocks of store, SES and this machine may be apart, ms. Default 60,000. */
  readonly clockSlackMs?: number | undefined;
  readonly observe?: ReconcileObserver | undefined;
  readonly clock?: Clock | undefined;
}

/** Looks at attempts of unknown outcome, again and again. */
export interface Reconciler extends AsyncDisposable {
  /** Looks until `stop`. A look that fails is told, and the next one comes all the same. */
  start(): void;
  /** Waits for the look under way. */
  stop(): Promise<void>;
  /** Looks once and answers how many attempts it called "not sent". */
  look(): Promise<number>;
}

/**
 * Calls attempts of unknown outcome "not sent" when SES stays silent about them, so that they are
 * made again. Experimental: it is as sound as its assumption, that SES doesn't lose the event of an
 * email that it accepted while it delivers the events of later ones.
 *
 * It decides nothing unless every condition is met, at every look for `settleMs`: 15 minutes past the
 * attempt's deadline and past the validity of its signature, by the store's clock and SES's; the
 * event of a later email processed; no event pending or dead-lettered that may be about it. The
 * configuration set must publish `Send` events.
 *
 * @throws ConfigurationError for an option that is out of its range
 */
export function createReconciler(options: ReconcilerOptions): Reconciler {
  return new SilenceReconciler(options, reconcilerSettings(options));
}

interface ReconcilerSettings {
  readonly namespace: string;
  readonly intervalMs: number;
  readonly settleMs: number;
  readonly limits: SilenceLimits;
  readonly clock: Clock;
}

function reconcilerSettings(options: ReconcilerOptions): ReconcilerSettings {
  const check = optionsOf("createReconciler");
  const timer = { to: LONGEST_TIMER_MS };
  return {
    namespace: check.namespace(options.namespace),
    intervalMs: check.ms("intervalMs", options.intervalMs ?? 30_000, timer),
    settleMs: check.ms("settleMs", options.settleMs ?? 120_000),
    limits: {
      quietMs: check.ms("quietMs", options.quietMs ?? silenceLimits.quietMs),
      clockSlackMs: check.ms("clockSlackMs", options.clockSlackMs ?? silenceLimits.clockSlackMs),
    },
    clock: options.clock ?? systemClock(),
  };
}

class SilenceReconciler implements Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #settings: ReconcilerSettings;
  readonly #tell: Tell;
  /**
   * Since when an attempt has met all conditions at every look, on the monotonic clock: a wall clock
   * that jumps must not shorten it, and a machine that sleeps doesn't look.
   */
  #metSince: ReadonlyMap<string, number> = new Map();
  #stopping = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: ReconcilerOptions, settings: ReconcilerSettings) {
    this.#options = options;
    this.#settings = settings;
    this.#tell = createTell(options.observe, () => settings.clock.now());
  }

  start(): void {
    if (this.#running) return;
    this.#stopping = new AbortController();
    this.#running = this.#run(this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    this.#running = undefined;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async look(): Promise<number> {
    const { clock, settleMs, limits } = this.#settings;
    const startedAt = clock.monotonic();
    const before = this.#metSince;
    const still = new Map<string, number>();
    // A look that fails half-way makes all attempts wait anew.
    this.#metSince = new Map();
    const facts = await this.#gather();
    let resolved = 0;
    for await (const { attempt } of this.#candidates()) {
      const { attemptId } = attempt;
      const because = judgeSilence(attempt, facts, limits);
      if (because !== undefined) {
        this.#tell({ type: "undecided", attemptId, because });
        continue;
      }
      const since = before.get(attemptId) ?? startedAt;
      still.set(attemptId, since);
      if (startedAt - since < settleMs) {
        this.#tell({ type: "undecided", attemptId, because: "settling" });
        continue;
      }
      if (await this.#sayNotSent(attemptId, facts)) resolved += 1;
    }
    this.#metSince = still;
    return resolved;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, intervalMs } = this.#settings;
    while (!signal.aborted) {
      try {
        await this.look();
      } catch (error) {
        this.#tell({ type: "reconcileFailed", error });
      }
      await clock.sleep(intervalMs, signal);
    }
  }

  async #gather(): Promise<SilenceFacts> {
    const { progress, backlog } = this.#options;
    const { namespace, clock } = this.#settings;
    // The mark first: what is processed after it may only make the backlog look smaller.
    const mark = await progress.read(namespace);
    return { now: clock.now(), mark, backlog: await backlog() };
  }

  async *#candidates(): AsyncGenerator<UnresolvedItem> {
    let cursor: string | undefined;
    do {
      const page = await this.#options.store.unresolved(cursor);
      yield* page.items.filter((item) => this.#mayJudge(item));
      cursor = page.next;
    } while (cursor !== undefined);
  }

  #mayJudge({ pipeline, keyText, attempt }: UnresolvedItem): boolean {
    const { effects } = this.#options;
    const { namespace } = this.#settings;
    const [effect = ""] = attempt.effect.split("-");
    const named = Object.hasOwn(effects, pipeline) ? (effects[pipeline] ?? []) : [];
    return (
      attempt.state === "unknown" && named.includes(effect) && namespaceOf(keyText) === namespace
    );
  }

  async #sayNotSent(attemptId: string, facts: SilenceFacts): Promise<boolean> {
    const mark = new Date(facts.mark ?? 0).toISOString();
    const why = `no event of SES, with those of emails up to ${mark} processed`;
    const who = { by: "reconciler", why };
    const reply = await this.#options.store.resolve(attemptId, "not-sent", who);
    if (reply === "resolved") this.#tell({ type: "resolvedNotSent", attemptId });
    else if (typeof reply === "object" && "tooEarly" in reply) {
      this.#tell({ type: "undecided", attemptId, because: "tooEarly" });
    }
    return reply === "resolved";
  }
}

/** The store may be shared by services; a key's text begins with the namespace it belongs to. */
function namespaceOf(keyText: string): string | undefined {
  try {
    const [namespace] = JSON.parse(keyText) as readonly unknown[];
    return typeof namespace === "string" ? namespace : undefined;
  } catch {
    return undefined;
  }
}
