import type { Envelope } from "./envelope.js";
import type { Receipt, Sender } from "../ports/index.js";

/** Senders by the name of the effect they perform. */
export type EffectSenders = Readonly<Record<string, Sender<unknown>>>;

/** What a sender takes. */
export type PayloadOf<S> = S extends Sender<infer Payload, infer _Prepared> ? Payload : never;

/** The queue's view of the message being handled. */
export interface MessageContext {
  readonly id: string;
  readonly groupId?: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch; 0 where the queue doesn't say. */
  readonly sentAt: number;
  /** This delivery included. */
  readonly receiveCount: number;
  /** What surrounds the event, where the decoder knows it: see `eventBridge`. */
  readonly envelope?: Envelope;
  /** Names the deliberate repetition that the message is, by its attribute `exactly-once-edition`. */
  readonly edition?: string;
}

/** What a handler may do, and what it may know of its message. */
export interface HandlerContext<Effects extends EffectSenders = EffectSenders> {
  readonly message: MessageContext;
  readonly namespace: string;
  readonly pipeline: string;
  /** The key's digest. */
  readonly key: string;
  /** Aborts, with the reason, on a lost lease, after `maxProcessingMs`, and at the drain deadline. */
  readonly signal: AbortSignal;
  /**
   * Performs one effect for one recipient at most once per key, over all deliveries: a stored
   * receipt instead of a second send. Must be awaited.
   *
   * Rejects when the provider provably did not take it, and when nobody knows; then end the run.
   * The same effect twice in one run is an error; a fan-out passes a distinct `part` each (at most
   * 50 effects a key).
   */
  once<Name extends keyof Effects & string>(
    effect: Name,
    payload: PayloadOf<Effects[Name]>,
    options?: { readonly part?: string | undefined },
  ): Promise<Receipt>;
  /** Ends this run; the message comes back after `ms`. Takes no try from the retry budget. */
  defer(ms: number, reason: string): never;
  /** Says that returning without any effect is right this time. */
  skip(reason: string): void;
  /** Ends this run; the message goes to the dead-letter queue with this reason (no personal data). */
  deadLetter(reason: string): never;
  /** Gives up an effect that was begun and not accepted, so that the rest can complete. */
  waive(effect: string, reason: string, options?: { readonly part?: string | undefined }): void;
}
