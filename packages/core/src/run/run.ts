import type { Admitted } from "../pipeline/admitted.js";
import type { Breakers } from "./breakers.js";
import type { Consents } from "./consents.js";
import { createCancellation, type Cancellation } from "./cancellation.js";
import type { LeaseLostError } from "../errors.js";
import type { Committer } from "./commit.js";
import type { Delivery } from "../pipeline/delivery.js";
import type { Emit, MessageFacts } from "../events.js";
import type { Instrumentation } from "../pipeline/instrumentation.js";
import type { KeptLease } from "../leases/kept-lease.js";
import type { Pipeline } from "../pipeline/pipeline.js";
import type { AttemptInfo, Clock, DedupeStore, Lease, Randomness } from "../ports/index.js";
import type { KeyedDigest } from "./tripwire.js";

/** What every run of one consumer shares. */
export interface RunEnvironment {
  readonly namespace: string;
  readonly clock: Clock;
  /** The timeline of leases and deadlines (see `leaseTime`). */
  readonly time: () => number;
  readonly randomness: Randomness;
  readonly store: DedupeStore;
  readonly committer: Committer;
  /** Aborts when the process gives up: at the end of a drain. */
  readonly abandon: AbortSignal;
  readonly delivery: Delivery;
  readonly digest: KeyedDigest;
  readonly emit: Emit;
  readonly instrument: Instrumentation | undefined;
  /** Before the end of a lease by this much, ms, nothing more is begun. */
  readonly marginMs: number;
  /** Why sending is paused for a pipeline just now, by the control flags. */
  readonly pausedReason: (pipeline: string) => string | undefined;
  /** Whether the store is known to be down: nothing is asked of it for a message then. */
  /**
   * Pauses a pipeline on behalf of the tripwire, everywhere, and at once here; an operator's pause that
   * stands is left as it is. `undefined` where the store keeps no control flags.
   */
  readonly pause: ((pipeline: string, why: string) => Promise<void>) | undefined;
  readonly consents: Consents;
  readonly storeIsDown: () => boolean;
  readonly onStoreFault: (error: unknown) => void;
  /** Keep effects from being begun while their providers are in trouble or throttle. */
  readonly breakers: Breakers;
}

/** What a handler asked for instead of completing. */
export type Request =
  | { readonly kind: "defer"; readonly delayMs: number; readonly reason: "deferred" | "throttled" }
  | { readonly kind: "deadLetter"; readonly text: string }
  | { readonly kind: "paused"; readonly reason: string }
  /** Its provider is not to be asked just now. */
  | { readonly kind: "unavailable"; readonly effect: string; readonly retryAfterMs: number };

const NONE = [] as const;

/**
 * One claimed message on its way through a handler. Its lists are short (at most 50 effects a key)
 * and mostly empty: arrays cost a tenth of the sets and maps they could be.
 *
 * A class, and its lists are replaced rather than filled: V8 takes what a literal makes for long-lived
 * where many messages are in flight, and puts it where only a full collection finds it again, with all
 * it leads to. See `docs/adr/0006-what-a-message-costs.md`.
 */
export class Run {
  readonly pipeline: Pipeline;
  readonly keyText: string;
  readonly fingerprint: string;
  readonly cancellation: Cancellation = createCancellation();
  /** Slots of the effects this run asked for. */
  used: readonly string[] = NONE;
  /** How many effects are under way. */
  pending = 0;
  /** Called once none is under way any more. */
  onIdle: (() => void) | undefined = undefined;
  /** What effects of this run failed with: none of them may be swallowed. */
  failures: readonly { readonly slot: string; readonly error: unknown }[] = NONE;
  /** Effects given up, each with its reason, by slot. */
  waived: Record<string, string> | undefined = undefined;
  /** Attempts of this run. */
  attemptIds: readonly string[] = NONE;
  /** Attempts that end this run on hold. */
  holding: readonly AttemptInfo[] = NONE;
  request: Request | undefined = undefined;
  skipped: string | undefined = undefined;
  /** The first misuse of the context: refused at the end, even if the handler swallowed the error. */
  misuse: Error | undefined = undefined;
  lostBy: LeaseLostError | undefined = undefined;

  constructor(
    readonly admitted: Admitted,
    readonly facts: MessageFacts,
    readonly claim: Lease,
    /** What the claim found of earlier runs: an attempt for each effect slot. */
    readonly before: readonly AttemptInfo[],
    readonly lease: KeptLease,
  ) {
    this.pipeline = admitted.pipeline;
    this.keyText = admitted.key.text;
    this.fingerprint = admitted.fingerprint;
  }
}

export function isWaived(run: Run, slot: string): boolean {
  return run.waived !== undefined && Object.hasOwn(run.waived, slot);
}

/** Every attempt known at the key's effects, earlier runs' included. */
export function attemptIdsOf(run: Run): readonly string[] {
  return [...new Set([...run.before.map(({ attemptId }) => attemptId), ...run.attemptIds])];
}
