import type { Receipt } from "../outcome.js";

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
  /** From this time on the provider refuses every request for the effect so far as stale. */
  readonly staleAt: number;
  /** When the earliest attempt began that isn't proven unsent, where that is one before this. */
  readonly unknownSince?: number;
  /** Why it was rejected, is unknown or was blocked. */
  readonly reason?: string;
  readonly receipt?: Receipt;
  /** An operator allowed a blocked effect: the tripwire lets its next attempt pass. */
  readonly allowed?: boolean;
  readonly settledAfterDeadLetter?: boolean;
}

/** Asks for the exclusive, leased right to handle a key. */
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

/** What becomes of a claim. `claimed` comes with all that is known of earlier attempts. */
export type ClaimReply =
  | {
      readonly status: "claimed";
      readonly fence: number;
      readonly effects: readonly AttemptInfo[];
      /** Claims that count as tries, this one included. */
      readonly tries: number;
      /** The claim before this one ended without a word: its process may have been killed by the message. */
      readonly unended: boolean;
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

/** A granted claim: who holds the key, under which fence. */
export interface Lease {
  readonly key: string;
  readonly owner: string;
  readonly fence: number;
}

/** Gives a claim back before its lease ends. */
export interface Release extends Lease {
  /** The claim was no try of the message's own: a deferral, a pause, an outage, a drain. */
  readonly untried?: boolean;
}

/** Asks to hold a key for longer. */
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
  /**
   * Of a provider that dedupes: milliseconds since the earliest attempt of unknown outcome began within
   * which all of this one must be over, validity included, to be taken for the same. Absent: an unknown
   * effect isn't begun again.
   */
  readonly repeatWithinMs?: number;
}

/** `granted`: the attempt stands as `sending`, and may go out. Everything else: it must not. */
export type BeginReply =
  | "granted"
  | "lost"
  | { readonly accepted: Receipt }
  | { readonly unknown: AttemptInfo }
  | { readonly blocked: AttemptInfo }
  | { readonly dropped: AttemptInfo };

/** An effect that must not be begun, with the reason an operator reads. */
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

/** What became of an outcome that was brought. */
export type SettleReply =
  /** Stored, or stored already. */
  | "settled"
  /** From a stale claim, and not a fact that counts whoever brings it. */
  | "lost"
  /**
   * An event names an attempt that the store doesn't know: to be reported. Nothing is proven by it. Where there
   * is a record its effect is unknown now.
   */
  | "unknownAttempt"
  /** The store had lost the record, and has it anew: to be reported. */
  | "recreated"
  /** That attempt was refused, and an earlier one may have been accepted: the effect is unknown again. */
  | { readonly unknown: AttemptInfo }
  /** Another receipt is already there: a proven duplicate. Both are kept. */
  | { readonly duplicateOf: Receipt }
  /** The message was dead-lettered before this evidence came. */
  | { readonly settledAfterDeadLetter: DeadInfo };

/** What a process that was granted an attempt knows of its record: the store may lose it meanwhile. */
export interface GrantedRecord {
  readonly keyText: string;
  readonly pipeline: string;
  readonly messageId: string;
  readonly fingerprint: string;
}

/** Asks to make a record `done`. */
export interface Completion extends Lease {
  /** Effects the handler gave up by name, each with its reason. */
  readonly waived?: Readonly<Record<string, string>>;
  /** Binds the content where no effect was begun, so that other content isn't taken for a copy. */
  readonly fingerprint?: string;
}

/** `unresolved`: effects were begun that are neither accepted nor waived; the record stays. */
export type CompleteReply = "done" | "lost" | { readonly unresolved: readonly AttemptInfo[] };

/** Asks to mark a record `dead`, for a message that goes to the dead-letter queue. */
export interface Burial {
  readonly key: string;
  readonly keyText: string;
  readonly pipeline: string;
  readonly messageId: string;
  readonly reason: string;
  /** The caller's own claim, where it has one; a live claim of anyone else is `busy`. */
  readonly claim?: { readonly owner: string; readonly fence: number };
}

/** `dead`: the message may be copied to the dead-letter queue. Everything else: not now. */
export type BuryReply =
  | "dead"
  | "busy"
  /** Evidence came first: acknowledge the message instead. */
  | "done"
  /** An attempt could still be accepted until then (store time, ms since the epoch). */
  | { readonly tooEarly: number };
