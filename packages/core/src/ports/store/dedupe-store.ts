import type { DeploymentFinding } from "../deployment-finding.js";
import type { Outcome } from "../outcome.js";
import type { ControlFlags } from "./control.js";
import type { ItemReply } from "./item-reply.js";
import type { RecordView, ResolveReply, Resolver, UnresolvedPage, Verdict } from "./operator.js";
import type {
  AttemptRef,
  AttemptStart,
  BeginReply,
  BlockReply,
  Burial,
  BuryReply,
  ClaimReply,
  ClaimRequest,
  CompleteReply,
  Completion,
  EffectBlock,
  GrantedRecord,
  LeaseExtension,
  Release,
  SettleReply,
} from "./records.js";
import type { TripwireCounters } from "./tripwire.js";

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
 * Expected results are values. Two faults are errors:
 *
 * - `StoreUnavailableError`: the store could not be reached, or failed. The operation may or may not
 *   have happened, and may still happen later.
 * - `UnreadableRecordError`: the store is well, but what stands under this key isn't a record that this
 *   release can read. It is left as it is, and `unresolved()` lists it.
 *
 * Batches answer in the order of their items, and no item keeps another from its answer: one that
 * fails by itself has its error where its reply would stand. A batch rejects only as a whole, where
 * nothing is known of any item.
 */
export interface DedupeStore {
  readonly capabilities: StoreCapabilities;
  /**
   * Looks at the store's own settings before anything is received: what of them endangers the promises.
   * Reads, changes nothing. Absent where there is nothing to look at.
   *
   * @throws StoreUnavailableError when it can't be asked now; it is then asked again
   */
  verify?(): Promise<readonly DeploymentFinding[]>;
  /** Grants each key that is free, to one owner at a time. */
  claim(items: readonly ClaimRequest[]): Promise<readonly ItemReply<ClaimReply>[]>;
  /** Lengthens live leases; one that has ended, or went to another owner, is `lost`. */
  extend(items: readonly LeaseExtension[]): Promise<readonly ItemReply<"extended" | "lost">[]>;
  /** Durable before it answers: after `granted`, a crash leaves the effect `unknown`, never free. */
  begin(item: AttemptStart): Promise<BeginReply>;
  /** Blocks an effect that was never begun until an operator allows or drops it. */
  block(item: EffectBlock): Promise<BlockReply>;
  /**
   * Stores what became of an attempt, whoever brings it.
   *
   * @param granted from the process that was granted the attempt and has the provider's receipt, and from
   *   nobody else: where no record stands any more it is made anew, as released, and completed by that claim
   */
  settle(item: AttemptRef, outcome: Outcome, granted?: GrantedRecord): Promise<SettleReply>;
  /** Makes records `done`, and ends their leases. */
  complete(items: readonly Completion[]): Promise<readonly ItemReply<CompleteReply>[]>;
  /** Gives claims back before their leases end, so that the next delivery can claim at once. */
  release(items: readonly Release[]): Promise<readonly ItemReply<"released" | "lost">[]>;
  /** Marks the record dead, before the copy goes to the dead-letter queue. */
  bury(item: Burial): Promise<BuryReply>;
  /**
   * An operator's or a reconciler's verdict on one attempt, compare-and-set. "Not sent" may only be
   * asked for by who looked at or after the attempt's `staleAt`: a command that was sent before and is
   * executed late is judged by when it is executed.
   */
  resolve(attemptId: string, verdict: Verdict, who: Resolver): Promise<ResolveReply>;
  /** What needs attention, oldest attempt first. */
  unresolved(cursor?: string): Promise<UnresolvedPage>;
  /** Reads records without changing them; `undefined` where there is none. */
  read(keys: readonly string[]): Promise<readonly ItemReply<RecordView | undefined>[]>;
  /** Control flags shared by the replicas, where the store can keep them. */
  readonly control?: ControlFlags;
  /** Reservations and counters of the tripwire, where the store can keep them. */
  readonly tripwire?: TripwireCounters;
}
