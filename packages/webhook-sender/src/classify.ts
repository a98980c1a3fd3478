import type { Outcome } from "@exactly-once/core/ports";
import type { Exchange } from "@exactly-once/one-request";
import { retryAfterMs } from "./retry-after.js";

/** What an answer means for a webhook. */
type Meaning =
  | { readonly kind: "accepted" }
  | { readonly kind: "unknown" }
  /** Refused: nothing was processed. */
  | {
      readonly kind: "refused";
      /** `message`: for its content, for ever. `receiver`: something there has to be mended. */
      readonly whose: "message" | "receiver";
    }
  | { readonly kind: "wait" };

/**
 * The refusals that say: not processed. By RFC 9110 and RFC 6585 each is given instead of acting on the
 * request. What isn't listed says nothing, on purpose:
 *
 * - 408 and 499 are also what gateways say of a receiver that was working on the request;
 * - 409, 423 and 424 are how receivers tell that a key is in use or its first request still in progress;
 * - 5xx comes from receivers that failed half-way, and from proxies that don't know;
 * - 3xx may follow what was processed ("303 See Other" says so).
 */
const refusals = {
  message: [400, 406, 410, 411, 413, 414, 415, 416, 417, 422, 428, 431],
  receiver: [401, 402, 403, 404, 405, 407, 421, 426, 451],
  wait: [425, 429],
} as const satisfies Record<string, readonly number[]>;

function meaningOf(status: number): Meaning {
  if (status >= 200 && status < 300) return { kind: "accepted" };
  const listed = (statuses: readonly number[]): boolean => statuses.includes(status);
  if (listed(refusals.message)) return { kind: "refused", whose: "message" };
  if (listed(refusals.receiver)) return { kind: "refused", whose: "receiver" };
  return { kind: listed(refusals.wait) ? "wait" : "unknown" };
}

/** How long a receiver that has to be mended is left alone, ms. */
const MEND_WAIT_MS = 60_000;

export interface Classification {
  /** The sender has one receiver: what is wrong there concerns every webhook. */
  readonly oneReceiver: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** The receipt, or `undefined` where the answer doesn't bear one. */
  receiptOf(answer: Extract<Exchange, { kind: "answered" }>): string | undefined;
}

/** What an exchange says about the webhook. */
export function classify(exchange: Exchange, classification: Classification): Outcome {
  const { oneReceiver, now, receiptOf } = classification;
  if (exchange.kind === "silent") return { status: "unknown", reason: exchange.reason };
  if (exchange.kind === "unsent") {
    const { reason } = exchange;
    // The URL itself is at fault, not the network.
    return reason === "privateAddress"
      ? faultOfReceiver(reason, oneReceiver, true)
      : { status: "rejected", reason };
  }
  const { status, headers } = exchange;
  const reason = `status${status}`;
  const meaning = meaningOf(status);
  switch (meaning.kind) {
    case "accepted": {
      const id = receiptOf(exchange);
      if (id === undefined || id === "") return { status: "unknown", reason: "noReceipt" };
      return { status: "accepted", receipt: { id, at: now, via: "provider" } };
    }
    case "unknown":
      return { status: "unknown", reason };
    case "wait": {
      const waitMs = retryAfterMs(headers["retry-after"], now);
      return { status: "rejected", reason, throttle: { scope: "rate", retryAfterMs: waitMs } };
    }
    case "refused":
      return meaning.whose === "message"
        ? { status: "rejected", reason, permanent: true }
        : faultOfReceiver(reason, oneReceiver, false);
  }
}

/** Where all webhooks meet the same fault it is none's own: they wait, and no try of theirs is spent. */
function faultOfReceiver(reason: string, oneReceiver: boolean, permanent: boolean): Outcome {
  if (!oneReceiver) return { status: "rejected", reason, permanent };
  return { status: "rejected", reason, throttle: { scope: "rate", retryAfterMs: MEND_WAIT_MS } };
}
