/**
 * What could be seen from outside of a service: of its queue, its provider, its operator and its processes.
 * One event a line where it is kept as JSON lines, in the order in which things happened. Times are in ms of
 * whatever clock the recorder has.
 */
export type HistoryEvent = { readonly at: number } & (
  | {
      readonly type: "queued";
      readonly messageId: string;
      /** The notification's identity: messages of one key owe the same effects once. */
      readonly key?: string;
      /** Of a FIFO queue. */
      readonly group?: string;
      /** Effects that have to be accepted in the end; none for what nothing is to be sent for. */
      readonly owes: readonly string[];
      /** Nobody can handle it: it has to be dead-lettered. */
      readonly hopeless?: boolean;
      /** Put back from the dead-letter queue, which gives up order. */
      readonly redriven?: boolean;
    }
  | { readonly type: "received" | "deleted"; readonly messageId: string }
  /** A copy stands in the dead-letter queue, made by the service or by the queue itself. */
  | { readonly type: "deadLettered"; readonly messageId: string; readonly by: "service" | "queue" }
  | { readonly type: "expired"; readonly messageId: string }
  /** The provider read a request to its end, and what it did about it, whether or not that was heard. */
  | {
      readonly type: "request";
      readonly attempt: string;
      readonly effect: string;
      readonly process: string;
      /** The mail's id; absent where it was refused. */
      readonly mail?: string;
    }
  /** Somebody said what became of an attempt, and the store took it. */
  | {
      readonly type: "verdict";
      readonly attempt: string;
      readonly effect: string;
      readonly verdict: "sent" | "notSent" | "drop" | "allow" | "resend";
      readonly by: "operator" | "silence" | "policy";
    }
  /** The service gave an effect up by name. */
  | { readonly type: "waived"; readonly effect: string }
  | { readonly type: "paused" | "resumed" }
  /** The process did nothing between these times. */
  | { readonly type: "stoodStill"; readonly process: string; readonly until: number }
  /** By a stated limit: the provider lost the event of an accepted mail. */
  | { readonly type: "evidenceLost"; readonly attempt: string }
  /** By a stated limit: the store lost what it had acknowledged about the key. */
  | { readonly type: "storeLost"; readonly key: string }
  /** At the end, with all faults over: an attempt whose outcome nobody knows. */
  | { readonly type: "unresolved"; readonly attempt: string }
  /** Everything rests: from here on the whole history can be judged. */
  | { readonly type: "end" }
);

export interface HistoryLimits {
  /** How long after a pause a request may still come: what was begun before it. */
  readonly pauseMs: number;
}

/** A promise of docs/guarantees.md that the history breaks, and the event at which it does. */
export interface Finding {
  readonly promise: "no duplicate" | "no loss" | "order" | "evidence" | "pause";
  /** Position in the history, from 0. */
  readonly index: number;
  readonly text: string;
}
