import type { Outcome, Sender } from "../ports/index.js";

/** What goes wrong with the next request, seen from the provider. */
export type SenderFault =
  /** Taken; then the caller never learns of it. */
  | "acceptedButReplyLost"
  /** Not taken; the connection breaks without a reply. */
  | "lostBeforeAcceptance"
  /** Not taken, and the reply says only that something is wrong at the provider. */
  | "serverError"
  /** Taken; the reply is a success without a usable proof. */
  | "acceptedWithoutProof"
  /** Declined for good. */
  | "refused"
  /** Declined for now. */
  | "throttled"
  /** Nobody listens: the provider can't be reached at all. */
  | "unreachable";

/**
 * How an attempt of unknown outcome becomes certain:
 *
 * - `events`: the provider tells later, by itself, what it accepted, and names the attempt;
 * - `asked`: the provider can be asked (`lookup`);
 * - `window`: the provider dedupes on the effect for a while (`idempotent`), so it is simply repeated;
 * - `none`: nobody can tell, and it is held for an operator.
 */
export type WayToCertainty =
  | { readonly by: "events" | "window" | "none" }
  | {
      readonly by: "asked";
      /** How far the provider's answers may lag behind what it took, ms. */
      readonly lagMs: number;
      /** For how long the provider remembers what it took, ms. */
      readonly retentionMs: number;
    };

/** A sender before a provider of its own that nobody else uses. */
export interface SenderFixture<Payload> {
  readonly sender: Sender<Payload>;
  /** A payload that is sent as it is; another `variant` has other content for the same recipient. */
  payload(variant: number): Payload;
  /** One that `prepare` must refuse. */
  readonly unsendable: Payload;
  /** Strikes the next request to send, and only that. */
  strike(fault: SenderFault): Promise<void> | void;
  /** Requests to send that have reached the provider so far. */
  requests(): number;
  /** How many of them it took, those it recognised as repetitions not counted. */
  accepted(): number;
  /** Of a way by `events`: what the provider has told by itself so far, in the end all it took. */
  told?(): Promise<readonly { readonly attemptId: string; readonly receiptId: string }[]>;
  /** Of a way by `asked`: the clock of sender and provider. */
  readonly time?: {
    /** Milliseconds since the epoch. */
    now(): number;
    /** Lets so many milliseconds pass. */
    elapse(ms: number): Promise<void> | void;
  };
  /** Called at the end of each test. */
  close?(): Promise<void> | void;
}

/** Declares one behaviour, on a fixture of its own. */
export type SenderBehaviour<Payload> = (
  name: string,
  body: (fixture: SenderFixture<Payload>) => Promise<void>,
) => void;

/** What each fault may be told as. `unknown` is always honest; the rest must be provable. */
export const honest: Readonly<
  Record<SenderFault, { readonly may: readonly Outcome["status"][]; readonly because: string }>
> = {
  acceptedButReplyLost: {
    may: ["unknown"],
    because: "the provider took it and its reply was lost, which looks like one it never took",
  },
  lostBeforeAcceptance: {
    may: ["unknown"],
    because: "the connection broke after the request was written, and it may have been taken",
  },
  serverError: {
    may: ["unknown"],
    because: "a provider may fail after it took the request",
  },
  acceptedWithoutProof: {
    may: ["unknown"],
    because: "a success without a receipt proves nothing",
  },
  refused: { may: ["rejected"], because: "the provider said that it won't take it" },
  throttled: { may: ["rejected"], because: "the provider said that it takes nothing for now" },
  unreachable: {
    may: ["rejected", "unknown"],
    because: "nothing can have been written to a provider that isn't there",
  },
};

/** An outcome as it stands in a failed test. */
export function inWords(outcome: Outcome): string {
  return outcome.status === "accepted" ? "accepted" : `${outcome.status} (${outcome.reason})`;
}
