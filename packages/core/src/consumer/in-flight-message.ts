import type { Admitted } from "../pipeline/admitted.js";
import type { Disposition } from "../message/disposition.js";
import type { LossReason, MessageFacts } from "../events.js";
import type { HeldHandle } from "./held-messages.js";
import type { KeptLease } from "../leases/kept-lease.js";
import type { Lane } from "./fifo-groups.js";
import type { QueueMessage } from "../ports/index.js";
import type { Writable } from "../record/writable.js";

/**
 * One message in this process, from its receipt until it left the queue or was handed back.
 *
 * `waiting` in its lane or for a slot -> `running` -> (`held` -> `waiting`)* -> `ending`: what
 * becomes of it is decided and being told to the queue.
 *
 * A class for the reason that `Run` is one.
 */
export class Flight {
  readonly id: string;
  readonly kept: KeptLease;
  phase: "waiting" | "running" | "held" | "ending" = "waiting";
  admitted: Admitted | undefined = undefined;
  /** Aborts the handler, while it runs. */
  abort: ((reason: LossReason) => void) | undefined = undefined;
  /** The lease was lost while it waited or was held: it isn't started any more. */
  lost = false;
  /** A later delivery came while it was here. */
  renewed = false;
  hold: HeldHandle | undefined = undefined;
  heldSince = 0;
  /** How often it was held: each further hold looks less often. */
  holds = 0;
  /** When the provider's trouble first held it, on the timeline of leases. */
  troubledSince: number | undefined = undefined;
  /** Set once dead-lettering was decided but can't be done yet. */
  deadLetter: Extract<Disposition, { kind: "deadLetter" }> | undefined = undefined;
  /** Resolves when the queue has been told. Made for whoever asks, see `endOf`. */
  ended: Promise<void> | undefined = undefined;
  end: (() => void) | undefined = undefined;

  constructor(
    message: QueueMessage,
    keep: (flight: Flight) => KeptLease,
    /** On FIFO queues the messages of the same group, in order. */
    readonly lane: Lane | undefined,
    /**
     * Resolves once the queue was told about an older delivery of this message: what it is being told
     * speaks of that one, so this one's turn comes after it. It has its place in the lane all the same.
     */
    readonly after: Promise<void> | undefined,
  ) {
    this.id = message.id;
    this.kept = keep(this);
  }
}

export function endOf(flight: Flight): Promise<void> {
  flight.ended ??= new Promise((resolve) => {
    flight.end = resolve;
  });
  return flight.ended;
}

export function flightFacts(flight: Flight): MessageFacts {
  const { kept, admitted } = flight;
  const { id: messageId, receiveCount, groupId } = kept.message;
  const facts: Writable<MessageFacts> = { messageId, receiveCount };
  if (groupId !== undefined) facts.groupId = groupId;
  if (admitted) {
    facts.pipeline = admitted.pipeline.name;
    facts.key = admitted.key.digest;
  }
  return facts;
}
