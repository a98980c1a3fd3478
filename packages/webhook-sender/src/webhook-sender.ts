import { ConfigurationError, PermanentError, type Sender } from "@exactly-once/core";
import type { Attempt, Outcome, PreparedSummary } from "@exactly-once/core/ports";
import { requestMaker, type RequestMaker } from "@exactly-once/one-request";
import { createHash } from "node:crypto";
import { classify } from "./classify.js";
import {
  keysOf,
  resolveOptions,
  urlOf,
  type WebhookReply,
  type WebhookSenderOptions,
  type WebhookSettings,
} from "./options.js";
import { signatureHeaders } from "./secrets.js";
import type { PreparedWebhook, Webhook } from "./webhook.js";

/** A sender of webhooks, for the `effects` of a pipeline. */
export interface WebhookSender extends Sender<Webhook, PreparedWebhook> {
  /** @throws PermanentError for what can't be sent; its text bears no address, secret or content */
  prepare(webhook: Webhook): Promise<PreparedWebhook>;
  /** Makes one request at most, and none after the attempt's deadline. */
  send(prepared: PreparedWebhook, attempt: Attempt): Promise<Outcome>;
  summarize(prepared: PreparedWebhook): PreparedSummary;
  /** @throws ConfigurationError where every webhook would lead to a private address */
  verify(): Promise<void>;
  readonly validityMs: number;
  readonly attemptTimeoutMs: number;
  readonly evidence: string;
}

/**
 * Sends webhooks as Standard Webhooks describes them. The `webhook-id`, and the `Idempotency-Key`, is the
 * effect's id: the same for every attempt at it, so that a receiver can tell a repetition.
 *
 * @example
 * ```ts
 * const subscriber = webhookSender({
 *   url: "https://example.org/hooks",
 *   secrets: [process.env.WEBHOOK_SECRET],
 *   idempotent: { windowMs: 24 * 3_600_000 }, // only where the receiver promises it
 * });
 * ```
 *
 * @throws ConfigurationError for options that can't work
 */
export function webhookSender(options: WebhookSenderOptions): WebhookSender {
  const maker = requestMaker("webhookSender", options);
  const settings = resolveOptions(options, maker.connectMs);
  const sender = new SignedWebhooks(maker, settings);
  return settings.windowMs === undefined
    ? sender
    : Object.assign(sender, { idempotent: { windowMs: settings.windowMs } });
}

class SignedWebhooks implements WebhookSender {
  readonly evidence =
    "The receiver's own record of a webhook whose webhook-id (and Idempotency-Key) is its id without " +
    "the last three parts; the answer it gave, a 2xx, is the proof. A receiver that has none never took it.";
  readonly validityMs: number;
  readonly attemptTimeoutMs: number;
  readonly #maker: RequestMaker;
  readonly #settings: WebhookSettings;

  constructor(maker: RequestMaker, settings: WebhookSettings) {
    this.#maker = maker;
    this.#settings = settings;
    this.validityMs = settings.validityMs;
    this.attemptTimeoutMs = settings.attemptTimeoutMs;
  }

  async prepare(webhook: Webhook): Promise<PreparedWebhook> {
    const { allowHttp, maxBodyBytes } = this.#settings;
    const url = webhook.url === undefined ? this.#settings.url : urlOf(webhook.url, allowHttp);
    if (url === undefined) throw new PermanentError("The webhook has no url, nor has its sender.");
    if (typeof url === "string") throw new PermanentError(`The webhook's url ${url}.`);
    const secrets =
      webhook.secrets === undefined ? this.#settings.secrets : keysOf(webhook.secrets);
    if (secrets === undefined) {
      throw new PermanentError("The webhook has no secret that is one, nor has its sender.");
    }
    const { body: given, contentType = "application/json", type } = webhook;
    const body = typeof given === "string" ? given : jsonOf(given);
    if (Buffer.byteLength(body) > maxBodyBytes) {
      throw new PermanentError(`The webhook's body has more than ${maxBodyBytes} bytes.`);
    }
    if (!/^[\x20-\x7e]{1,200}$/.test(contentType)) {
      throw new PermanentError("The webhook's contentType is none.");
    }
    const contentDigest = createHash("sha256").update(`${contentType}\n${body}`).digest("hex");
    return { url, secrets, body, contentType, contentDigest, type };
  }

  summarize({ url, contentDigest, type }: PreparedWebhook): PreparedSummary {
    const template = type === undefined ? {} : { template: type };
    return { recipients: [url.href], contentDigest, ...template };
  }

  async send(prepared: PreparedWebhook, attempt: Attempt): Promise<Outcome> {
    const { url, secrets, body, contentType } = prepared;
    const { clock, headers, receiptOf, windowMs } = this.#settings;
    if (attempt.remainingMs() <= 0) return { status: "rejected", reason: "deadlinePassed" };
    const exchange = await this.#maker.request({
      ...{ url, method: "POST", signal: attempt.signal },
      make: () => {
        if (attempt.signal.aborted) return { refuse: "aborted" };
        if (attempt.remainingMs() <= 0) return { refuse: "deadlinePassed" };
        const id = attempt.effectId;
        const timestamp = Math.floor(clock.now() / 1_000);
        return {
          headers: {
            ...headers,
            ...signatureHeaders({ id, timestamp, body, keys: secrets }),
            "idempotency-key": id,
            "content-type": contentType,
            "content-length": String(Buffer.byteLength(body)),
          },
          body,
        };
      },
    });
    return classify(exchange, {
      oneReceiver: this.#settings.url !== undefined && url === this.#settings.url,
      now: clock.now(),
      receiptOf: receiptOf
        ? (reply: WebhookReply) => receiptOf(reply)
        : // A receiver that dedupes took a repetition for the same; any other took it twice.
          () => (windowMs === undefined ? attempt.id : attempt.effectId),
    });
  }

  async verify(): Promise<void> {
    const { url } = this.#settings;
    if (url === undefined) return;
    const connected = await this.#maker.request({
      ...{ url, method: "POST" },
      make: () => ({ refuse: "onlyConnecting" }),
    });
    if (connected.kind === "unsent" && connected.reason === "privateAddress") {
      throw new ConfigurationError(
        "webhookSender: url leads to a private address; allowPrivateAddresses allows that.",
      );
    }
    // A receiver that is away now is told by the sends; it keeps nobody from starting.
  }
}

function jsonOf(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch {
    text = undefined;
  }
  if (text === undefined) throw new PermanentError("The webhook's body can't be written as JSON.");
  return text;
}
