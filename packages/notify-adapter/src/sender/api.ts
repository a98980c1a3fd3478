import { ConfigurationError } from "@exactly-once/core";
import type { Attempt } from "@exactly-once/core/ports";
import type { Exchange } from "@exactly-once/one-request";
import { bearerToken } from "../wire/api-key.js";
import { fieldsOf, notifyErrorIn, parseJson } from "../wire/notify-error.js";
import { NotifyUnavailableError } from "./notify-unavailable-error.js";
import type { NotifySettings } from "./options.js";

/** A notification as the API lists it, as far as it is read. */
export interface ListedNotification {
  readonly id: string;
  readonly reference: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

/** What a listing said, and when it did. */
export interface Listing {
  readonly notifications: readonly ListedNotification[];
  /** Notify's clock, ms since the epoch; `undefined` where it didn't say. */
  readonly saidAt: number | undefined;
}

/** Notify's HTTP API, as far as senders use it. */
export class NotifyApi {
  readonly #settings: NotifySettings;

  constructor(settings: NotifySettings) {
    this.#settings = settings;
  }

  /** Asks Notify to send, once. The token is made right before the first byte. */
  send(
    kind: "email" | "sms",
    request: Readonly<Record<string, unknown>>,
    attempt: Attempt,
  ): Promise<Exchange> {
    const { maker, clock, apiKey, baseUrl } = this.#settings;
    const body = JSON.stringify({ ...request, reference: attempt.id });
    return maker.request({
      ...{ url: new URL(`/v2/notifications/${kind}`, baseUrl), method: "POST" },
      signal: attempt.signal,
      make: () => {
        if (attempt.signal.aborted) return { refuse: "aborted" };
        if (attempt.remainingMs() <= 0) return { refuse: "deadlinePassed" };
        return {
          headers: {
            authorization: `Bearer ${bearerToken(apiKey, clock.now())}`,
            "content-type": "application/json",
            "content-length": String(Buffer.byteLength(body)),
          },
          body,
        };
      },
    });
  }

  /**
   * Lists the notifications of one reference.
   *
   * @throws ConfigurationError where the key is refused
   * @throws NotifyUnavailableError where there is no answer that says anything
   */
  async list(reference: string, signal?: AbortSignal): Promise<Listing> {
    const { maker, clock, apiKey, baseUrl } = this.#settings;
    const url = new URL("/v2/notifications", baseUrl);
    url.searchParams.set("reference", reference);
    const exchange = await maker.request({
      ...{ url, method: "GET", signal },
      make: () => ({ headers: { authorization: `Bearer ${bearerToken(apiKey, clock.now())}` } }),
    });
    if (exchange.kind !== "answered") throw new NotifyUnavailableError(exchange.reason);
    const { status, body, headers } = exchange;
    if (status === 401 || status === 403) {
      const told = notifyErrorIn(status, body);
      if (told !== undefined) throw new ConfigurationError(refusedText(told.error));
    }
    const { notifications } = fieldsOf(parseJson(body));
    if (status !== 200 || !Array.isArray(notifications)) {
      throw new NotifyUnavailableError(`status${status}`);
    }
    const saidAt = Date.parse(headers.date ?? "");
    return {
      notifications: notifications.flatMap(listedOf),
      saidAt: Number.isNaN(saidAt) ? undefined : saidAt,
    };
  }
}

function refusedText(error: string): string {
  return (
    `GOV.UK Notify refuses the API key (${error}): it was revoked, it is another service's, or this ` +
    "machine's clock is off by more than 30 s."
  );
}

function listedOf(value: unknown): readonly ListedNotification[] {
  const { id, reference, created_at: created } = fieldsOf(value);
  if (typeof id !== "string" || id === "" || typeof reference !== "string") return [];
  const createdAt = typeof created === "string" ? Date.parse(created) : Number.NaN;
  return [{ id, reference, createdAt }];
}
