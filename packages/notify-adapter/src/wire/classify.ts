import type { Exchange } from "@exactly-once/one-request";
import { fieldsOf, notifyErrorIn, parseJson } from "./notify-error.js";

/** What an exchange says about a notification, before anything is made of it. */
export type Verdict =
  | { readonly kind: "accepted"; readonly id: string }
  | { readonly kind: "unknown"; readonly reason: string }
  /** It never went out. */
  | { readonly kind: "unsent"; readonly reason: string }
  /** Refused for what stands in it. */
  | { readonly kind: "ofMessage"; readonly reason: string }
  /** Refused, for what stands in it or for how the service is set up: Notify has one word for both. */
  | { readonly kind: "ofEither"; readonly reason: string }
  /** The key, the clock or the service must be mended: no notification's fault. */
  | { readonly kind: "ofAccount"; readonly reason: string }
  | { readonly kind: "rate"; readonly reason: string }
  /** The day's quota is used up. */
  | { readonly kind: "quota"; readonly reason: string };

/** Notify's are UUIDs. */
const word = /^[\w-]{1,64}$/;

/**
 * By the documented errors (https://docs.notifications.service.gov.uk/rest-api.html#error-codes): status
 * and type, which don't change, and never the message, which may. A 4xx counts only with Notify's own
 * error in it. 500 is said to be "unable to process", but also comes of a failure after the notification
 * was stored: Notify can be asked, so nothing is assumed.
 */
export function classify(exchange: Exchange): Verdict {
  if (exchange.kind === "unsent") return { kind: "unsent", reason: exchange.reason };
  if (exchange.kind === "silent") return { kind: "unknown", reason: exchange.reason };
  const { status, body } = exchange;
  if (status === 201) {
    const { id } = fieldsOf(parseJson(body));
    if (typeof id === "string" && word.test(id)) return { kind: "accepted", id };
    return { kind: "unknown", reason: body === undefined ? "unreadableReply" : "noId" };
  }
  const told = status >= 400 && status < 500 ? notifyErrorIn(status, body) : undefined;
  if (told === undefined) return { kind: "unknown", reason: `status${status}` };
  const reason = told.error;
  switch (status) {
    case 400:
      // Whatever isn't a BadRequestError is a rule of the request's form: ValidationError, InvalidPhoneError.
      return { kind: reason === "BadRequestError" ? "ofEither" : "ofMessage", reason };
    case 401:
    case 403:
    case 404:
      return { kind: "ofAccount", reason };
    case 429:
      return { kind: reason === "TooManyRequestsError" ? "quota" : "rate", reason };
    default:
      return { kind: "unknown", reason: `status${status}` };
  }
}
