import type { Batcher } from "../timing/batcher.js";
import {
  countsAsTry,
  decide,
  type DeadLetterStep,
  type Facts,
  type FinalAction,
  type Told,
} from "../message/conclude.js";
import { deadLetter, type DeadLettering } from "../message/dead-letter.js";
import {
  LOST,
  SIBLING,
  type DeadLetter,
  type Disposition,
  type Hold,
} from "../message/disposition.js";
import { firstLookMs, look, readsRecord, type LookFacts } from "../message/hold-rules.js";
import type { MessageQueue, Release } from "../ports/index.js";
import { releaseOf } from "../message/release.js";
import type { RunEnvironment } from "../run/run.js";
import type { FifoGroups } from "./fifo-groups.js";
import type { HeldMessages } from "./held-messages.js";
import type { InFlightMessage } from "./in-flight-message.js";
import { QueueCalls } from "./queue-calls.js";
import { TryCounter } from "./try-counter.js";

/** Of one pipeline's messages that wait in place. */
const MAX_HELD_BYTES = 64 * 1024 * 1024;

type HoldAction = Extract<FinalAction, { kind: "hold" }>;
type EndAction = Exclude<FinalAction, HoldAction>;

/** How often a message is tried, and received. */
export interface TryLimits {
  /** `undefined` leaves it to the queue. */
  readonly maxTries: number | undefined;
  /** The receive from which on it rather waits in place; `undefined` where the queue takes nothing away. */
  readonly lastReceive: number | undefined;
  /** The queue's own count: what was received so often and comes back is moved by the queue. */
  readonly mostReceives: number | undefined;
}

export interface ConcluderOptions {
  readonly env: RunEnvironment;
  readonly queue: MessageQueue;
  readonly groups: FifoGroups<InFlightMessage>;
  readonly held: HeldMessages;
  /** Messages of one pipeline that may wait in place. */
  readonly maxHeld: number;
  readonly releases: Batcher<Release, "released" | "lost">;
  /** The message may take a slot again. */
  readonly onReady: (message: InFlightMessage) => void;
  /** The message is over and the queue was told. */
  readonly onEnded: (message: InFlightMessage) => void;
}

/**
 * Does in a consumer what `conclude.ts` decides about a message: delete, hand back, wait in place,
 * dead-letter.
 */
export class Concluder {
  readonly #options: ConcluderOptions;
  readonly #env: RunEnvironment;
  readonly #calls: QueueCalls;
  readonly #deadLettering: DeadLettering<InFlightMessage>;
  readonly #tries = new TryCounter();
  #limits: TryLimits = {
    maxTries: undefined,
    lastReceive: undefined,
    mostReceives: undefined,
  };
  #draining = false;

  constructor(options: ConcluderOptions) {
    this.#options = options;
    this.#env = options.env;
    const { env, queue } = options;
    this.#calls = new QueueCalls(env, queue);
    this.#deadLettering = {
      env,
      queue,
      factsOf: (message) => this.#factsOf(message),
      tell: (message, told) => {
        this.#tell(message, told);
      },
    };
  }

  setLimits(limits: TryLimits): void {
    this.#limits = limits;
  }

  /** Nothing waits in place any more, and no batch for company. */
  drain(): void {
    this.#draining = true;
    this.#calls.hurry();
  }

  /** Ends a turn, or a hold, of the message. */
  conclude(message: InFlightMessage, disposition: Disposition): void {
    if (message.phase.name === "concluding") return;
    const effect = disposition.kind === "retry" ? disposition.effect : undefined;
    const action = decide(disposition, this.#factsOf(message, effect));
    const counts = countsAsTry(disposition, action);
    // What has a claim is counted in the record.
    if (counts && disposition.kind === "retry" && !message.lease.claim) this.#tries.add(message.id);
    if (action.kind === "hold") {
      void this.#hold(message, action, counts).catch(this.#contain);
      return;
    }
    message.conclude();
    const failed = (error: unknown): void => {
      this.#letGoAfter(message, error);
    };
    if (action.kind === "bury" || action.kind === "copy") {
      this.#deadLetter(message, action).catch(failed);
      return;
    }
    this.#carryOut(message, action, counts).then(() => {
      this.#options.onEnded(message);
    }, failed);
  }

  #factsOf(message: InFlightMessage, effect?: string): Facts {
    const { clock, randomness } = this.#env;
    const { lease, admitted } = message;
    return {
      waits: this.#draining ? "nowhere" : this.#hasRoomFor(message) ? "inPlace" : "inQueue",
      receiveCount: lease.message.receiveCount,
      lastReceive: this.#limits.lastReceive,
      mostReceives: this.#limits.mostReceives,
      tries: lease.claim?.tries ?? this.#tries.of(message.id) + 1,
      maxTries: this.#limits.maxTries,
      leads: message.group !== undefined && message.group.messages.length > 1,
      pipeline: admitted?.pipeline,
      claimed: lease.claim !== undefined,
      troubledForMs: this.#troubledForMs(message, effect),
      now: clock.now,
      random: randomness.random,
    };
  }

  /** Each costs a heartbeat and memory: one pipeline's outage must not take all of either. */
  #hasRoomFor({ admitted }: InFlightMessage): boolean {
    const { count, bytes } = this.#options.held.of(admitted?.pipeline.name);
    return count < this.#options.maxHeld && bytes < MAX_HELD_BYTES;
  }

  #troubledForMs(
    { troubledSince, admitted }: InFlightMessage,
    effect: string | undefined,
  ): number | undefined {
    if (!admitted) return undefined;
    const breakers = this.#env.breakers.for(admitted.pipeline, effect);
    if (breakers.every(({ isClosed }) => isClosed)) return undefined;
    return troubledSince === undefined ? 0 : this.#env.time() - troubledSince;
  }

  /** What is left to do after bury and copy ends it, unless it waits in place for them. */
  async #deadLetter(message: InFlightMessage, step: DeadLetterStep): Promise<void> {
    const action = await deadLetter(this.#deadLettering, message, step);
    if (action.kind === "hold") {
      await this.#hold(message, action, true);
      return;
    }
    await this.#carryOut(message, action, true);
    this.#options.onEnded(message);
  }

  /** @param counts whether its claim stays a try of the message's own */
  #carryOut(message: InFlightMessage, action: EndAction, counts: boolean): Promise<void> {
    switch (action.kind) {
      case "leaveQueue":
        if (action.tell) this.#tell(message, action.tell);
        return this.#leaveQueue(message);
      case "handBack":
        this.#tell(message, action.tell);
        return this.#handBack(message, action.delayMs, counts);
      case "letGo":
        return this.#letGo(message, counts);
    }
  }

  /** The record is terminal: the group goes on at once, the delete follows in a batch. */
  #leaveQueue(message: InFlightMessage): Promise<void> {
    const { groups, held, onReady } = this.#options;
    this.#tries.forget(message.id);
    const next = groups.leave(message);
    if (next?.phase.name === "waiting") onReady(next);
    if (message.admitted) held.wake(message.admitted.key.digest);
    return this.#calls.acknowledge(message);
  }

  async #handBack(message: InFlightMessage, delayMs: number, counts: boolean): Promise<void> {
    await this.#release(message, counts);
    this.#releaseSiblings(message, delayMs);
    await this.#calls.handBack(message, delayMs);
  }

  /** A delivery that is over is left alone; a later one that came meanwhile is handed back. */
  async #letGo(message: InFlightMessage, counts: boolean): Promise<void> {
    await this.#release(message, counts);
    this.#releaseSiblings(message);
    if (message.renewed) await this.#calls.handBack(message, 0);
    else await message.lease.drop();
  }

  /** Whatever went wrong, its group and its lease must not wait for it. */
  #letGoAfter(message: InFlightMessage, error: unknown): void {
    this.#contain(error);
    this.#letGo(message, true).then(() => {
      this.#options.onEnded(message);
    }, this.#contain);
  }

  /**
   * At once, while nothing is awaited: a sibling that is delivered again meanwhile would be taken for
   * one that still has its place, and those behind it would overtake it. They come back no sooner.
   */
  #releaseSiblings(message: InFlightMessage, delayMs = 0): void {
    const back = { ...SIBLING, delayMs };
    for (const sibling of this.#options.groups.cutAt(message)) this.conclude(sibling, back);
  }

  /** Gives its claim back before its handler was asked. */
  releaseUntried(message: InFlightMessage): Promise<void> {
    return this.#release(message, false);
  }

  async #release({ lease }: InFlightMessage, counts: boolean): Promise<void> {
    const { claim } = lease;
    if (!claim) return;
    lease.unbindClaim();
    try {
      const releasing = this.#options.releases.add(releaseOf(claim, counts));
      if (this.#draining) void this.#options.releases.flush();
      await releasing;
    } catch (error) {
      // The lease ends by itself.
      this.#env.onStoreFault(error);
    }
  }

  async #hold(
    message: InFlightMessage,
    { hold, tell }: HoldAction,
    counts: boolean,
  ): Promise<void> {
    message.hold(hold, this.#env.time());
    this.#tell(message, tell);
    await this.#release(message, counts);
    if (message.phase.name !== "held") return;
    if (message.lost) {
      this.conclude(message, LOST);
      return;
    }
    message.lookedAtBy(
      this.#options.held.hold({
        pipeline: message.admitted?.pipeline.name,
        reason: hold.reason,
        ...sizeOf(message),
        key: readsRecord(hold) ? message.admitted?.key.digest : undefined,
        firstLookMs: firstLookMs(hold, message.holds),
        look: (record) => look(hold, record, this.#lookFacts(message, hold)),
        goOn: ({ letter }) => {
          this.#goOn(message, letter);
        },
      }),
    );
  }

  #lookFacts({ admitted }: InFlightMessage, { effect }: Hold): LookFacts {
    const { breakers, storeIsDown, pausedReason, clock, time } = this.#env;
    const pipeline = admitted?.pipeline;
    const unavailable = pipeline && breakers.unavailableBecause(pipeline, effect);
    return {
      pipeline,
      storeIsDown: storeIsDown(),
      unavailableForMs:
        pipeline && unavailable !== undefined
          ? Math.max(1, breakers.changesAt(pipeline, effect) - time())
          : 0,
      paused: pipeline !== undefined && pausedReason(pipeline.name) !== undefined,
      now: clock.now(),
    };
  }

  #goOn(message: InFlightMessage, letter: DeadLetter | undefined): void {
    if (message.phase.name !== "held") return;
    const { hold, since } = message.phase;
    if (hold.reason === "providerDown" && message.admitted) {
      this.#env.breakers.invite(message.admitted.pipeline, hold.effect, message.id);
    }
    const heldMs = this.#env.time() - since;
    message.goOn(letter);
    this.#env.emit({ type: "resumed", heldMs, ...message.facts() });
    this.#options.onReady(message);
  }

  #tell(message: InFlightMessage, told: Told): void {
    if (this.#env.emit.read) this.#env.emit({ ...told, ...message.facts() });
  }

  readonly #contain = (error: unknown): void => {
    this.#env.emit({ type: "internalError", error });
  };
}

/** A held message with those of its group that wait behind it. */
function sizeOf(message: InFlightMessage): { readonly messages: number; readonly bytes: number } {
  const waiting = message.group?.messages ?? [message];
  const bytes = waiting.reduce((sum, { lease }) => sum + lease.message.body.length, 0);
  return { messages: waiting.length, bytes };
}
