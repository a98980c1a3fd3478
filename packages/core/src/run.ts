import type { Cancellation } from "./cancellation.js";
import type { LeaseLostError } from "./errors/lease-lost-error.js";
import type { Committer } from "./commit.js";
import type { Delivery } from "./delivery.js";
import type { Emit, MessageFacts } from "./events.js";
import type { KeptLease } from "./lease-keeper.js";
import type { Pipeline } from "./pipeline.js";
import type {
  AttemptInfo,
  Clock,
  DedupeStore,
  Lease,
  Randomness,
  Throttle,
} from "./ports/index.js";
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
  readonly delivery: Delivery;
  readonly digest: KeyedDigest;
  readonly emit: Emit;
  /** Before the end of a lease by this much, ms, nothing more is begun. */
  readonly marginMs: number;
  /** Why sending is paused for a pipeline just now, by the control flags. */
  readonly pausedReason: (pipeline: string) => string | undefined;
  readonly onStoreFault: (error: unknown) => void;
  /** Tells of each send's outcome, so that receiving stops while the provider is in trouble. */
  readonly onProviderReply: (reply: ProviderReply) => void;
}

export type ProviderReply =
  | { readonly kind: "well" }
  | { readonly kind: "trouble"; readonly reason: string }
  | { readonly kind: "throttled"; readonly throttle: Throttle };

/** What a handler asked for instead of completing. */
export type Request =
  | { readonly kind: "defer"; readonly delayMs: number; readonly reason: "deferred" | "throttled" }
  | { readonly kind: "deadLetter"; readonly text: string }
  | { readonly kind: "paused"; readonly reason: string };

/** One claimed message on its way through a handler. */
export interface Run {
  readonly facts: MessageFacts;
  readonly pipeline: Pipeline;
  readonly claim: Lease;
  readonly keyText: string;
  readonly fingerprint: string;
  readonly lease: KeptLease;
  readonly cancellation: Cancellation;
  /** What the claim found of earlier runs, by effect slot. */
  readonly before: ReadonlyMap<string, AttemptInfo>;
  /** Effects this run asked for, by slot. */
  readonly used: Set<string>;
  /** Effects asked for whose promise has not settled. */
  readonly pending: Set<Promise<unknown>>;
  /** What effects of this run failed with, by slot: none of them may be swallowed. */
  readonly failures: Map<string, unknown>;
  readonly waived: Map<string, string>;
  /** Every attempt known at the key's effects, earlier runs' included. */
  readonly attemptIds: Set<string>;
  /** Attempts that end this run on hold. */
  readonly holding: AttemptInfo[];
  request: Request | undefined;
  skipped: string | undefined;
  /** The first misuse of the context: refused at the end, even if the handler swallowed the error. */
  misuse: Error | undefined;
  lostBy: LeaseLostError | undefined;
}
