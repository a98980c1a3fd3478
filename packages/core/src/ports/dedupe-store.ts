import type { Outcome, Receipt } from "./outcome.js";

/**
 * Where an effect stands. `unknown` is also what a `sending` effect is seen as once its claim is
 * no longer live.
 */
export type EffectState = "sending" | "unknown" | "accepted" | "rejected" | "blocked" | "dropped";

/** Names one attempt completely. Its text form is the attempt id (`formatAttemptId`). */
export interface AttemptRef {
  /** The key's digest. */
  readonly key: string;
  /** The effect's name, with its part where the handler fans out: `email` or `email-part`. */
  readonly effect: string;
  readonly owner: string;
  readonly fence: number;
  /** The try within the claim, from 1. */
  readonly attemptNumber: number;
}

/** One attempt as the record knows it. Times are the store's, in ms since the epoch. */
export interface AttemptInfo {
  readonly attemptId: string;
  readonly effect: string;
  readonly state: EffectState;
  /** When `begin` (or `block`) was granted. */
  readonly startedAt: number;
  /** No request of this attempt is signed after this time. */
  readonly deadline: number;
  /** From this time on the provider refuses every request of this attempt as stale. */
  readonly staleAt: number;
  /** Why it was rejected, is unknown or was blocked. */
  readonly reason?: string;
  readonly receipt?: Receipt;
  /** An operator allowed a blocked effect: the tripwire lets its next attempt pass. */
  readonly allowed?: boolean;
  readonly settledAfterDeadLetter?: boolean;
}

export interface ClaimRequest {
  /** The key's digest (`NotificationKey.digest`). */
  readonly key: string;
  /** The key in words, kept while the record is unsettled so that an operator can read it. */
  readonly keyText: string;
  readonly pipeline: string;
  /** A fresh random id for this claim. */
  readonly owner: string;
  /** Milliseconds from the moment the store executes the claim. */
  readonly leaseMs: number;
  /** The queue's message id; a dead-lettered record tells its own message from a redriven copy. */
  readonly messageId: string;
  /** The versioned digest of the decoded event. */
  readonly fingerprint: string;
  /** A dry run: satisfied by simulated receipts. A live claim is not. */
  readonly simulated?: boolean;
}

export type ClaimReply =
  | {
      readonly status: "claimed";
      readonly fence: number;
      readonly effects: readonly AttemptInfo[];
    }
  | {
      readonly status: "busy";
      /** Milliseconds until the other owner's lease ends unless it is extended. */
      readonly retryAfterMs: number;
      /** When the other owner claimed, store time. */
      readonly since: number;
    }
  | { readonly status: "done"; readonly effects: readonly AttemptInfo[] }
  | {
      /** Other content is bound to this key. */
      readonly status: "conflict";
      readonly bound: string;
      readonly effects: readonly AttemptInfo[];
    }
  | {
      /** This very message was dead-lettered by us: only the dead-lettering is to be finished. */
      readonly status: "dead";
      readonly reason: string;
      readonly effects: readonly AttemptInfo[];
    };

export interface Lease {
  readonly key: string;
  readonly owner: string;
  readonly fence: number;
}

export interface LeaseExtension extends Lease {
  /** Milliseconds from the moment the store executes it. A lease is never shortened. */
  readonly leaseMs: number;
}

export interface AttemptStart extends AttemptRef {
  /** Milliseconds within which the request may be signed, from the moment the store executes. */
  readonly timeoutMs: number;
  /** Milliseconds after the deadline for which a signed request stays acceptable. */
  readonly validityMs: number;
  readonly fingerprint: string;
}

export type BeginReply =
  | "granted"
  | "lost"
  | { readonly accepted: Receipt }
  | { readonly unknown: AttemptInfo }
  | { readonly blocked: AttemptInfo }
  | { readonly dropped: AttemptInfo };

export interface EffectBlock extends AttemptRef {
  readonly reason: string;
  readonly fingerprint: string;
}

/** `refused`: the effect is already sending, unknown, accepted, blocked or dropped. */
export type BlockReply = "blocked" | "lost" | { readonly refused: AttemptInfo };

/** Where a dead-lettered record's message went. */
export interface DeadInfo {
  readonly messageId: string;
  readonly reason: string;
  readonly at: number;
}

export type SettleReply =
  /** Stored, or stored already. */
  | "settled"
  /** From a stale claim, and not a fact that counts whoever brings it. */
  | "lost"
  /** The store has no record of the key at all. To be reported: nothing was stored. */
  | "unknownAttempt"
  /** Another receipt is already there: a proven duplicate. Both are kept. */
  | { readonly duplicateOf: Receipt }
  /** The message was dead-lettered before this evidence came. */
  | { readonly settledAfterDeadLetter: DeadInfo };

export interface Completion extends Lease {
  /** Effects the handler gave up by name, each with its reason. */
  readonly waived?: Readonly<Record<string, string>>;
  /** Binds the content where no effect was begun, so that other content isn't taken for a copy. */
  readonly fingerprint?: string;
}

export type CompleteReply = "done" | "lost" | { readonly unresolved: readonly AttemptInfo[] };

export interface Burial {
  readonly key: string;
  readonly keyText: string;
  readonly pipeline: string;
  readonly messageId: string;
  readonly reason: string;
  /** The caller's own claim, where it has one; a live claim of anyone else is `busy`. */
  readonly claim?: { readonly owner: string; readonly fence: number };
}

export type BuryReply =
  | "dead"
  | "busy"
  /** Evidence came first: acknowledge the message instead. */
  | "done"
  /** An attempt could still be accepted until then (store time, ms since the epoch). */
  | { readonly tooEarly: number };

export type Verdict =
  | "sent"
  | "not-sent"
  | "allow"
  | "drop"
  /** Like "not-sent" but without knowing: another attempt may follow, and a duplicate with it. */
  | "resend"
  | { readonly acceptPayload: string };

/** Who resolved it and why; kept in the record. */
export interface Resolver {
  readonly by: string;
  readonly why: string;
}

export type ResolveReply =
  | "resolved"
  /** No such record, or it doesn't know this attempt. */
  | "notFound"
  /** "Not sent" cannot be known before this time (store time, ms since the epoch). */
  | { readonly tooEarly: number }
  /** The verdict doesn't apply to what the attempt is now. */
  | { readonly already: EffectState };

/** A record as an operator reads it. Times are the store's. */
export interface RecordView {
  readonly key: string;
  readonly keyText?: string;
  readonly pipeline: string;
  readonly state: "claimed" | "released" | "done" | "dead";
  /** Whether a claim is live now. */
  readonly live: boolean;
  readonly owner: string;
  readonly fence: number;
  readonly leaseUntil: number;
  /** The message that was claimed last. */
  readonly messageId: string;
  readonly fingerprint?: string;
  readonly effects: readonly AttemptInfo[];
  readonly waived?: Readonly<Record<string, string>>;
  readonly dead?: DeadInfo;
  /** Receipts beyond the first, by effect: each is a proven duplicate. */
  readonly duplicates?: Readonly<Record<string, readonly Receipt[]>>;
  readonly resolutions?: readonly Resolution[];
}

export interface Resolution extends Resolver {
  readonly attemptId: string;
  readonly verdict: string;
  readonly at: number;
}

/** An effect that needs attention: `unknown` (its claim no longer live) or `blocked`. */
export interface UnresolvedItem {
  readonly key: string;
  readonly keyText: string;
  readonly pipeline: string;
  readonly messageId: string;
  readonly attempt: AttemptInfo;
  readonly dead?: DeadInfo;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  /** Pass it to the next call; absent on the last page. */
  readonly next?: string;
}

/** What a store is, declared by itself; the conformance suite prints and tests accordingly. */
export interface StoreCapabilities {
  /** Survives a restart of the process that made it. */
  readonly durable: boolean;
  /** Seen by every replica. */
  readonly shared: boolean;
  /** Whose clock judges leases: its own, or the caller's. */
  readonly clock: "store" | "caller";
}

/**
 * Remembers what was claimed, begun and settled. Every operation is atomic for its key, follows
 * the table in `record/`, and is safe to repeat, since clients resend after a reconnect.
 *
 * Batches answer in the order of their items. Expected results are values; a promise rejects only
 * when the store could not be reached or failed (`StoreUnavailableError`), and then the
 * operation may or may not have happened, and may still happen later.
 */
export interface DedupeStore {
  readonly capabilities: StoreCapabilities;
  claim(items: readonly ClaimRequest[]): Promise<readonly ClaimReply[]>;
  extend(items: readonly LeaseExtension[]): Promise<readonly ("extended" | "lost")[]>;
  /** Durable before it answers: after `granted`, a crash leaves the effect `unknown`, never free. */
  begin(item: AttemptStart): Promise<BeginReply>;
  /** Blocks an effect that was never begun until an operator allows or drops it. */
  block(item: EffectBlock): Promise<BlockReply>;
  settle(item: AttemptRef, outcome: Outcome): Promise<SettleReply>;
  complete(items: readonly Completion[]): Promise<readonly CompleteReply[]>;
  release(items: readonly Lease[]): Promise<readonly ("released" | "lost")[]>;
  /** Marks the record dead, before the copy goes to the dead-letter queue. */
  bury(item: Burial): Promise<BuryReply>;
  /**
   * An operator's or a reconciler's verdict on one attempt, compare-and-set. "Not sent" may only be
   * asked for by who looked at or after the attempt's `staleAt`: a command that was sent before and is
   * executed late is judged by when it is executed.
   */
  resolve(attemptId: string, verdict: Verdict, who: Resolver): Promise<ResolveReply>;
  /** What needs attention, oldest attempt first. */
  unresolved(cursor?: string): Promise<Page<UnresolvedItem>>;
  /** Reads records without changing them; `undefined` where there is none. */
  read(keys: readonly string[]): Promise<readonly (RecordView | undefined)[]>;
  /** Control flags shared by the replicas, where the store can keep them. */
  readonly control?: ControlFlags;
  /** Reservations and counters of the tripwire, where the store can keep them. */
  readonly tripwire?: TripwireCounters;
}

/** A pause, for a whole namespace or one pipeline of it. */
export interface Pause {
  readonly by: string;
  readonly why: string;
  readonly at: number;
}

export interface ControlState {
  /** Set when the whole namespace is paused. */
  readonly namespace?: Pause;
  /** Paused pipelines by name. */
  readonly pipelines: Readonly<Record<string, Pause>>;
}

export interface ControlFlags {
  pause(namespace: string, pipeline: string | undefined, who: Resolver): Promise<void>;
  resume(namespace: string, pipeline: string | undefined): Promise<void>;
  status(namespace: string): Promise<ControlState>;
}

export interface TripwireReservation {
  /** Keyed digest of recipient and rendered content, never the plain text. */
  readonly digest: string;
  /** Who reserves: key digest and effect, so that a retry finds its own reservation. */
  readonly holder: string;
  /** Of the claim it is reserved under. Replays of an earlier claim's commands change nothing. */
  readonly fence: number;
  readonly windowMs: number;
}

export interface TripwireCounters {
  /** `taken` by another holder within the window, or ours; ours keeps the higher fence. */
  reserve(item: TripwireReservation): Promise<"reserved" | { readonly taken: string }>;
  /**
   * Gives the reservation back after a `rejected`: only the holder's own, and not one under a higher
   * fence, which the holder took again since.
   */
  free(item: TripwireReservation): Promise<void>;
  /**
   * Counts one in a sliding window and returns the count including this one. `member` makes a
   * replay count once.
   */
  count(item: {
    readonly counter: string;
    readonly member: string;
    readonly windowMs: number;
  }): Promise<number>;
}
