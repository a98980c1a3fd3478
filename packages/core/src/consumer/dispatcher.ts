import type { AdmissionOptions } from "../message/admit.js";
import { Company } from "../message/company.js";
import { DRAINING, LOST, type DeadLetter, type Disposition } from "../message/disposition.js";
import { within } from "../pipeline/instrumentation.js";
import { processMessage, type ProcessOptions } from "../message/process.js";
import type { LossReason } from "../events.js";
import type { LeaseKeeper } from "../leases/lease-keeper.js";
import type {
  CompleteReply,
  Completion,
  MessageQueue,
  QueueMessage,
  Release,
} from "../ports/index.js";
import type { RunEnvironment } from "../run/run.js";
import type { Batcher } from "../timing/batcher.js";
import { createClaims } from "./claim-batches.js";
import { Concluder, type TryLimits } from "./concluder.js";
import { FifoGroups } from "./fifo-groups.js";
import { HeldMessages, type HeldOfPipeline } from "./held-messages.js";
import { InFlightMessage } from "./in-flight-message.js";

export interface DispatcherOptions {
  readonly env: RunEnvironment;
  readonly queue: MessageQueue;
  readonly keeper: LeaseKeeper;
  readonly admission: AdmissionOptions;
  readonly concurrency: number;
  /** Messages of one pipeline that may wait in place. */
  readonly maxHeld: number;
  readonly completes: Batcher<Completion, CompleteReply>;
  readonly releases: Batcher<Release, "released" | "lost">;
  /** Room for another message was made. */
  readonly onRoom: () => void;
}

/**
 * Gives each received message its turn: one at a time within a FIFO group, `concurrency` at a time
 * in all. What becomes of a message after its turn is the concluder's.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #process: ProcessOptions<InFlightMessage>;
  readonly #messages = new Map<string, InFlightMessage>();
  readonly #groups = new FifoGroups<InFlightMessage>();
  readonly #held: HeldMessages;
  readonly #concluder: Concluder;
  /** Waiting for a slot, first in their groups. */
  #ready: InFlightMessage[] = [];
  #running = 0;
  #draining = false;
  /** On a standard queue a group is only a hint for fairness. */
  #fifo = true;
  #onEmpty: (() => void) | undefined = undefined;
  #maxTries: number | undefined = undefined;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    const { env, queue, releases, maxHeld } = options;
    const claims = createClaims(env);
    this.#process = {
      env,
      admission: options.admission,
      claim: (message, admitted, owner) => claims.add({ message, admitted, owner }),
      complete: options.completes.add,
      releaseUntried: (message) => this.#concluder.releaseUntried(message),
      maxTries: () => this.#maxTries,
      company: new Company(),
    };
    this.#held = new HeldMessages(env);
    this.#concluder = new Concluder({
      env,
      queue,
      groups: this.#groups,
      held: this.#held,
      maxHeld,
      releases,
      onReady: (message) => {
        this.#ready.push(message);
        this.#fillSlots();
      },
      onEnded: (message) => {
        this.#forget(message);
      },
    });
  }

  get inFlight(): number {
    return this.#messages.size;
  }

  get running(): number {
    return this.#running;
  }

  get held(): number {
    return this.#held.size;
  }

  /** What of a pipeline waits in place. */
  heldOf(pipeline: string): HeldOfPipeline {
    return this.#held.of(pipeline);
  }

  /** Tells what the queue is like, before the first `receive`. */
  configure(queue: TryLimits & { readonly fifo: boolean }): void {
    this.#fifo = queue.fifo;
    this.#maxTries = queue.maxTries;
    this.#concluder.setLimits(queue);
  }

  /** How many more messages may be received now. */
  room(): number {
    if (this.#draining) return 0;
    let occupied = 0;
    for (const message of this.#messages.values()) if (takesRoom(message)) occupied += 1;
    return this.#options.concurrency - occupied;
  }

  receive(messages: readonly QueueMessage[], receivedAt: number): void {
    for (const message of messages) this.#receiveOne(message, receivedAt);
    this.#fillSlots();
  }

  /** A pause or a provider's trouble may have ended. */
  lookAtWaiting(): void {
    this.#held.wakeWaiting();
  }

  /** Hands back what doesn't run, and from now on whatever comes. */
  close(): void {
    this.#draining = true;
    this.#concluder.drain();
    for (const message of [...this.#messages.values()].reverse()) {
      const { name } = message.phase;
      if (name === "held" || name === "waiting") this.#concluder.conclude(message, DRAINING);
    }
    this.#held.stop();
  }

  /** Aborts what still runs. */
  abort(): void {
    for (const message of this.#messages.values()) message.abort("drain");
  }

  /** Resolves once no message is here any more. */
  emptied(): Promise<void> {
    if (this.#messages.size === 0) return Promise.resolve();
    return new Promise((resolve) => (this.#onEmpty = resolve));
  }

  #receiveOne(message: QueueMessage, receivedAt: number): void {
    const known = this.#messages.get(message.id);
    if (known && known.phase.name !== "concluding") {
      known.redelivered(message, receivedAt);
      this.#options.env.emit({ type: "redeliveredWhileRunning", ...known.facts() });
      return;
    }
    const taken = this.#take(message, receivedAt, known?.ended());
    if (this.#draining) this.#concluder.conclude(taken, DRAINING);
    else if (taken.group) {
      if (taken.group.messages[0] === taken) this.#ready.push(taken);
    } else if (taken.after) {
      // The older delivery may come to wait in place and need a slot again: this one must not hold it.
      void taken.after.then(() => {
        this.#ready.push(taken);
        this.#fillSlots();
      });
    } else this.#ready.push(taken);
  }

  #take(
    message: QueueMessage,
    receivedAt: number,
    after: Promise<void> | undefined,
  ): InFlightMessage {
    const { groupId } = message;
    const group = this.#fifo && groupId !== undefined ? this.#groups.of(groupId) : undefined;
    const keep = (taken: InFlightMessage) =>
      this.#options.keeper.keep(message, receivedAt, (reason) => {
        this.#leaseLost(taken, reason);
      });
    const taken = new InFlightMessage(message, keep, group, after);
    group?.messages.push(taken);
    this.#messages.set(message.id, taken);
    return taken;
  }

  #leaseLost(message: InFlightMessage, reason: LossReason): void {
    this.#options.env.emit({ type: "leaseLost", reason, ...message.facts() });
    message.lose(reason);
    if (message.phase.name === "held") this.#concluder.conclude(message, LOST);
  }

  #fillSlots(): void {
    while (this.#running < this.#options.concurrency) {
      const message = this.#ready.shift();
      if (!message) return;
      if (message.phase.name === "waiting") this.#takeTurn(message);
    }
  }

  #takeTurn(message: InFlightMessage): void {
    this.#running += 1;
    this.#turn(message).then(
      (disposition) => {
        this.#endTurn(message, disposition);
      },
      (error: unknown) => {
        this.#options.env.emit({ type: "internalError", error });
        this.#endTurn(message, { kind: "retry", reason: "error", counts: true, error });
      },
    );
  }

  #turn(message: InFlightMessage): Promise<Disposition> {
    const letter = message.start();
    const { after } = message;
    return after ? after.then(() => this.#try(message, letter)) : this.#try(message, letter);
  }

  /** Not `async`: a frame that only passes on what it awaits costs three turns of the microtask queue. */
  #try(message: InFlightMessage, letter: DeadLetter | undefined): Promise<Disposition> {
    if (message.lost) return Promise.resolve(LOST);
    if (this.#draining) return Promise.resolve(DRAINING);
    if (letter) return Promise.resolve(letter);
    const { instrument } = this.#options.env;
    const around = instrument?.turn?.bind(instrument, message.lease.message);
    return within(around, () => processMessage(this.#process, message));
  }

  #endTurn(message: InFlightMessage, disposition: Disposition): void {
    this.#running -= 1;
    this.#concluder.conclude(message, disposition);
    this.#options.onRoom();
    this.#fillSlots();
  }

  #forget(message: InFlightMessage): void {
    if (this.#messages.get(message.id) === message) this.#messages.delete(message.id);
    message.end();
    this.#options.onRoom();
    if (this.#messages.size === 0) this.#onEmpty?.();
  }
}

/** Held messages and those behind them in their group wait without a worker. */
function takesRoom({ phase, group }: InFlightMessage): boolean {
  if (phase.name === "held" || phase.name === "concluding") return false;
  return group?.messages[0]?.phase.name !== "held";
}
