import type { LossReason, MessageFacts } from "../events.js";
import type { KeptLease } from "../leases/kept-lease.js";
import type { Admitted } from "../pipeline/admitted.js";

/** Ends what the decoder or the handler of a message does, with a reason. */
export type Abort = (reason: LossReason) => void;

/** A message as its host has it in hand. */
export interface MessageInHand {
  readonly lease: KeptLease;
  /** Set once it made it to its key: stays so in its later turns. */
  readonly admitted: Admitted | undefined;
  /** Its delivery is over: somebody else may have it. */
  readonly lost: boolean;
  /** Once, and once more where its record turns out to be bound by another version of its fingerprint. */
  admit(admitted: Admitted): void;
  /** Takes the function that ends what is being done for it, while there is something to end. */
  abortableBy(abort: Abort | undefined): void;
  facts(): MessageFacts;
}
