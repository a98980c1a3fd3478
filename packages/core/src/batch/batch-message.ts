import type { LossReason, MessageFacts } from "../events.js";
import { fixedLease, type KeptLease } from "../leases/kept-lease.js";
import type { Abort, MessageInHand } from "../message/message-in-hand.js";
import type { QueueMessage } from "../ports/index.js";
import type { Admitted } from "../pipeline/admitted.js";

/** A message of an invocation: kept until the invocation ends, and aborted shortly before. */
export class BatchMessage implements MessageInHand {
  readonly lease: KeptLease;
  /** Somebody else may have it only after the invocation. */
  readonly lost = false;
  #admitted: Admitted | undefined = undefined;
  #abort: Abort | undefined = undefined;
  #abortedBy: LossReason | undefined = undefined;

  /** @param until on the timeline of leases: when its handler is aborted */
  constructor(
    readonly message: QueueMessage,
    until: number,
  ) {
    this.lease = fixedLease(message, until);
  }

  get admitted(): Admitted | undefined {
    return this.#admitted;
  }

  admit(admitted: Admitted): void {
    this.#admitted = admitted;
  }

  abortableBy(abort: Abort | undefined): void {
    this.#abort = abort;
    if (this.#abortedBy) abort?.(this.#abortedBy);
  }

  /** Ends what is done for it now and what would be done for it later. */
  abort(reason: LossReason): void {
    this.#abortedBy ??= reason;
    this.#abort?.(this.#abortedBy);
  }

  facts(): MessageFacts {
    const { id: messageId, receiveCount, groupId } = this.message;
    const admitted = this.#admitted;
    return {
      messageId,
      receiveCount,
      ...(groupId === undefined ? {} : { groupId }),
      ...(admitted ? { pipeline: admitted.pipeline.name, key: admitted.key.digest } : {}),
    };
  }
}
