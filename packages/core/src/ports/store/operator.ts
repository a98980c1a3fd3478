import type { Receipt } from "../outcome.js";
import type { AttemptInfo, DeadInfo, EffectState } from "./records.js";

/** What an operator or a reconciler says about one attempt. */
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

/** What became of a verdict. */
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
  /** Claims that count as tries, since the last dead letter or verdict. */
  readonly tries: number;
  readonly fingerprint?: string;
  readonly effects: readonly AttemptInfo[];
  readonly waived?: Readonly<Record<string, string>>;
  readonly dead?: DeadInfo;
  /** Receipts beyond the first, by effect: each is a proven duplicate. */
  readonly duplicates?: Readonly<Record<string, readonly Receipt[]>>;
  readonly resolutions?: readonly Resolution[];
}

/** A verdict as the record keeps it. */
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

/** A part of a list. */
export interface Page<Item> {
  readonly items: readonly Item[];
  /** Pass it to the next call; absent on the last page. */
  readonly next?: string;
}

/** A record that this release can't read: it is left alone, and its key isn't granted to anybody. */
export interface UnreadableRecord {
  readonly key: string;
  /** What is wrong with it. */
  readonly why: string;
}

/** A page of what needs attention. */
export interface UnresolvedPage extends Page<UnresolvedItem> {
  /** Those met so far, each on one page only. They need a newer release, or an operator. */
  readonly unreadable: readonly UnreadableRecord[];
}
