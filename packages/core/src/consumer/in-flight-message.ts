import type { LossReason, MessageFacts } from "../events.js";
import type { KeptLease } from "../leases/kept-lease.js";
import type { DeadLetter, Hold } from "../message/disposition.js";
import type { Abort, MessageInHand } from "../message/message-in-hand.js";
import type { QueueMessage } from "../ports/index.js";
import type { Writable } from "../record/writable.js";
import type { Admitted } from "../pipeline/admitted.js";
import type { FifoGroup } from "./fifo-groups.js";
import type { HeldHandle } from "./held-messages.js";

/**
 * Where a message in this process is. `InFlightMessage` alone changes it:
 *
 * `waiting` is where it begins, for its turn in its FIFO group and for a slot. The dispatcher
 * takes it out by `start`, into `running`.
 *
 * `running` is one turn: decode, claim, handle. While the decoder or the handler works there is a
 * function to abort it. The turn ends with a disposition, and that with `conclude` or `hold`.
 *
 * `held` is waiting in place: without a slot and without a claim, but still hidden in the queue. A
 * look at its record, or at what it waits for, ends it by `goOn`, back to `waiting`, where a dead
 * letter may be due instead of another try. Drain and a lost delivery end it by `conclude`.
 *
 * `concluding` is the end: what becomes of it is decided and being told to the queue. A later
 * delivery of it is another message from here on. The one way back is a burial that
 * has to wait until an attempt can't be accepted any more: `hold`.
 */
export type Phase = Waiting | Running | Held | Concluding;

export interface Waiting {
  readonly name: "waiting";
  /** What is to be done in its turn instead of a try. */
  readonly letter: DeadLetter | undefined;
}

/** A class, since it lives as long as its message does (see docs/adr/0006). */
export class Running {
  readonly name = "running";
  constructor(readonly abort: Abort | undefined) {}
}

export interface Held {
  readonly name: "held";
  readonly hold: Hold;
  /** On the timeline of leases. */
  readonly since: number;
  /** Ends its looks. `undefined` until its claim is released. */
  readonly looks: HeldHandle | undefined;
}

export interface Concluding {
  readonly name: "concluding";
}

const WAITING: Waiting = { name: "waiting", letter: undefined };
const RUNNING = new Running(undefined);
const CONCLUDING: Concluding = { name: "concluding" };

/** One message in this process, from its receipt until it left the queue or was handed back. */
export class InFlightMessage implements MessageInHand {
  readonly id: string;
  readonly lease: KeptLease;
  #phase: Phase = WAITING;
  #admitted: Admitted | undefined = undefined;
  #lost = false;
  #renewed = false;
  #holds = 0;
  #troubledSince: number | undefined = undefined;
  #ended: Promise<void> | undefined = undefined;
  #end: (() => void) | undefined = undefined;

  constructor(
    message: QueueMessage,
    keep: (message: InFlightMessage) => KeptLease,
    /** On FIFO queues the messages of the same group, in order. */
    readonly group: FifoGroup<InFlightMessage> | undefined,
    /**
     * Resolves once the queue was told about an older delivery of this message: what it is being told
     * speaks of that one, so this one's turn comes after it. It has its place in the group all the same.
     */
    readonly after: Promise<void> | undefined,
  ) {
    this.id = message.id;
    this.lease = keep(this);
  }

  get phase(): Phase {
    return this.#phase;
  }

  get admitted(): Admitted | undefined {
    return this.#admitted;
  }

  /** The delivery was lost, and no later one came while the message waited. */
  get lost(): boolean {
    return this.#lost;
  }

  /** A later delivery came while it was here. */
  get renewed(): boolean {
    return this.#renewed;
  }

  /** How often it was held: each further hold looks less often. */
  get holds(): number {
    return this.#holds;
  }

  /** When the provider's trouble first held it, on the timeline of leases. */
  get troubledSince(): number | undefined {
    return this.#troubledSince;
  }

  facts(): MessageFacts {
    const { id: messageId, receiveCount, groupId } = this.lease.message;
    const facts: Writable<MessageFacts> = { messageId, receiveCount };
    if (groupId !== undefined) facts.groupId = groupId;
    if (this.#admitted) {
      facts.pipeline = this.#admitted.pipeline.name;
      facts.key = this.#admitted.key.digest;
    }
    return facts;
  }

  /**
   * waiting → running: it has a slot.
   *
   * @returns the dead letter that is due instead of a try, if any
   */
  start(): DeadLetter | undefined {
    const { letter } = this.#in("waiting");
    this.#phase = RUNNING;
    return letter;
  }

  admit(admitted: Admitted): void {
    this.#admitted = admitted;
  }

  /** Within running: what to call when its time is over. */
  abortableBy(abort: Abort | undefined): void {
    this.#in("running");
    this.#phase = abort ? new Running(abort) : RUNNING;
  }

  /** running or concluding → held. */
  hold(hold: Hold, now: number): void {
    this.#phase = { name: "held", hold, since: now, looks: undefined };
    this.#holds += 1;
    if (hold.reason === "providerDown") this.#troubledSince ??= now;
  }

  /** Within held: it is being looked at from now on. */
  lookedAtBy(looks: HeldHandle): void {
    this.#phase = { ...this.#in("held"), looks };
  }

  /** held → waiting. */
  goOn(letter: DeadLetter | undefined): void {
    this.#in("held").looks?.drop();
    this.#phase = letter ? { name: "waiting", letter } : WAITING;
  }

  /** Any but concluding → concluding. */
  conclude(): void {
    if (this.#phase.name === "held") this.#phase.looks?.drop();
    this.#phase = CONCLUDING;
  }

  /** The delivery is over. Its turn ends by that; one that only ran out of time isn't lost. */
  lose(reason: LossReason): void {
    this.#lost = reason !== "maxProcessing";
    this.abort(reason);
  }

  abort(reason: LossReason): void {
    if (this.#phase.name === "running") this.#phase.abort?.(reason);
  }

  /** A later delivery of the same message: its handle counts from now on. */
  redelivered(message: QueueMessage, receivedAt: number): void {
    this.lease.renewHandle(message, receivedAt);
    this.#renewed = true;
    if (this.#phase.name === "waiting") this.#lost = false;
  }

  /** The queue was told. */
  end(): void {
    this.#end?.();
  }

  /** Resolves when the queue has been told. Made for whoever asks: mostly nobody does. */
  ended(): Promise<void> {
    this.#ended ??= new Promise((resolve) => {
      this.#end = resolve;
    });
    return this.#ended;
  }

  #in<Name extends Phase["name"]>(name: Name): Extract<Phase, { readonly name: Name }> {
    if (this.#phase.name !== name) {
      throw new Error(`Message ${this.id} is ${this.#phase.name}, not ${name}.`);
    }
    return this.#phase as Extract<Phase, { readonly name: Name }>;
  }
}
