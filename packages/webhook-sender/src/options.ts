import { ConfigurationError } from "@exactly-once/core";
import {
  LONGEST_MS,
  LONGEST_TIMER_MS,
  optionsOf,
  systemClock,
  type Clock,
} from "@exactly-once/core/ports";
import type { Exchange, RequestSettings } from "@exactly-once/one-request";
import { keyOf, secretRule } from "./secrets.js";

/** An answer of a receiver. */
export type WebhookReply = Extract<Exchange, { kind: "answered" }>;

export interface WebhookSenderOptions extends RequestSettings {
  /** Where webhooks go that don't say it themselves: `https://…`. */
  readonly url?: string | undefined;
  /**
   * Secrets that webhooks are signed with: `whsec_` and base64, as Standard Webhooks writes them. With
   * several, each webhook bears a signature for each, so that a receiver can change from the old to the
   * new at its own time.
   */
  readonly secrets?: readonly string[] | undefined;
  /**
   * Only where the receiver promises it: it recognises a webhook that it has seen already by its
   * `webhook-id` or `Idempotency-Key`, for so many ms from the first request on. An attempt of unknown
   * outcome is then repeated within that time. Without it, it is held.
   */
  readonly idempotent?: { readonly windowMs: number } | undefined;
  /** Allows `http:`, where anybody on the way can read and answer. Default false. */
  readonly allowHttp?: boolean | undefined;
  /** Sent along with each webhook. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /**
   * The receiver's own proof in its answer, such as an id in its JSON. A 2xx without it is `unknown`
   * then. Default: any 2xx is proof.
   */
  readonly receiptOf?: ((reply: WebhookReply) => string | undefined) | undefined;
  /** Of what isn't JSON, and of JSON as it is written, at most so many bytes. Default 1,048,576. */
  readonly maxBodyBytes?: number | undefined;
  /** From the grant of an attempt to its signature, ms. Default what connecting may take and 5,000. */
  readonly attemptTimeoutMs?: number | undefined;
  /**
   * For how long receivers take a signature, ms. Default 300,000, as the libraries of Standard Webhooks
   * do. What an operator says of "not sent" counts only after it.
   */
  readonly timestampToleranceMs?: number | undefined;
  /** How far this machine's clock may be off, ms. Default 60,000. */
  readonly maxClockSkewMs?: number | undefined;
}

/** The options with their defaults, checked. */
export interface WebhookSettings {
  readonly clock: Clock;
  readonly url: URL | undefined;
  readonly secrets: readonly Buffer[] | undefined;
  readonly windowMs: number | undefined;
  readonly allowHttp: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly receiptOf: ((reply: WebhookReply) => string | undefined) | undefined;
  readonly maxBodyBytes: number;
  readonly attemptTimeoutMs: number;
  readonly validityMs: number;
}

const check = optionsOf("webhookSender");
const headerName = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;
const headerValue = /^[\t\x20-\x7e]*$/;
/** Set by the sender itself. */
const own = new Set([
  ...["host", "content-length", "content-type", "transfer-encoding", "connection", "expect"],
  ...["webhook-id", "webhook-timestamp", "webhook-signature", "idempotency-key"],
]);

/** @throws ConfigurationError for what can't work */
export function resolveOptions(options: WebhookSenderOptions, connectMs: number): WebhookSettings {
  const { url, secrets, idempotent, allowHttp = false, headers = {} } = options;
  const timeout = options.attemptTimeoutMs ?? connectMs + 5_000;
  const attemptTimeoutMs = check.ms("attemptTimeoutMs", timeout, { to: LONGEST_TIMER_MS });
  const tolerance = options.timestampToleranceMs ?? 300_000;
  const toleranceMs = check.ms("timestampToleranceMs", tolerance);
  const skewMs = check.ms("maxClockSkewMs", options.maxClockSkewMs ?? 60_000, { from: 0 });
  const validityMs = toleranceMs + skewMs;
  const least = attemptTimeoutMs + validityMs + 1;
  return {
    ...{ allowHttp, headers: checkHeaders(headers), attemptTimeoutMs, validityMs },
    clock: options.clock ?? systemClock(),
    url: url === undefined ? undefined : checkedUrl(url),
    secrets: secrets === undefined ? undefined : checkedSecrets(secrets),
    windowMs:
      idempotent &&
      check.ms("idempotent.windowMs", idempotent.windowMs, { from: least, to: LONGEST_MS }),
    receiptOf: check.callback("receiptOf", options.receiptOf, { optional: true }),
    maxBodyBytes: check.integer("maxBodyBytes", options.maxBodyBytes ?? 1_048_576, {
      ...{ from: 1, to: 100_000_000 },
    }),
  };

  function checkedUrl(given: string): URL {
    const parsed = urlOf(given, allowHttp);
    return typeof parsed === "string" ? check.refuse(`url ${parsed}.`) : parsed;
  }
}

function checkedSecrets(given: readonly string[]): readonly Buffer[] {
  const keys = keysOf(given);
  // The text never repeats a secret.
  return keys ?? check.refuse(`secrets has one that is none; give ${secretRule}, one or more.`);
}

/** The keys of all these secrets, or `undefined` where one of them is none. */
export function keysOf(secrets: readonly string[]): readonly Buffer[] | undefined {
  const keys = secrets.map(keyOf);
  return keys.length > 0 && keys.every((key) => key !== undefined) ? keys : undefined;
}

/** A URL that webhooks may go to, or what is wrong with it. */
export function urlOf(given: string, allowHttp: boolean): URL | string {
  let url: URL;
  try {
    url = new URL(given);
  } catch {
    return "is no URL; give https://…";
  }
  if (url.protocol !== "https:" && !(allowHttp && url.protocol === "http:")) {
    return "doesn't begin with https:; allowHttp allows http:, too";
  }
  if (url.username !== "" || url.password !== "") return "bears a password; give headers instead";
  return url;
}

function checkHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  for (const [name, value] of Object.entries(headers)) {
    if (own.has(name.toLowerCase())) {
      throw new ConfigurationError(
        `webhookSender: headers has ${name}, which the sender sets itself.`,
      );
    }
    if (!headerName.test(name) || !headerValue.test(value)) {
      throw new ConfigurationError(
        `webhookSender: the header ${JSON.stringify(name)} is none, or its value has more than visible ASCII.`,
      );
    }
  }
  return { ...headers };
}
