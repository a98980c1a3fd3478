import { ConfigurationError, type DedupeStore } from "@exactly-once/core";
import { optionsOf, parseAttemptId, type DeadInfo, type Receipt } from "@exactly-once/core/ports";
import { createHash, timingSafeEqual } from "node:crypto";
import { fieldsOf, parseJson } from "../wire/notify-error.js";

/** What a callback told, without personal data. */
export type CallbackObservation = {
  readonly notificationId: string;
  /** `delivered`, `permanent-failure`, `temporary-failure` or `technical-failure`. */
  readonly status: string;
} & (
  | { readonly type: "settled"; readonly attemptId: string }
  /** Notify took it and could not deliver it. Sending again won't help. */
  | { readonly type: "undeliverable"; readonly attemptId: string }
  /** Without a reference of ours: another sender of the same Notify service. */
  | { readonly type: "foreign" }
  /** It bears the name of an attempt that the store doesn't know. */
  | { readonly type: "unknownAttempt"; readonly attemptId: string }
  | { readonly type: "duplicateProven"; readonly attemptId: string; readonly duplicateOf: Receipt }
  | {
      readonly type: "settledAfterDeadLetter";
      readonly attemptId: string;
      readonly dead: DeadInfo;
    }
);

/** What Notify's delivery callbacks are compared with, and where they are stored. */
export interface NotifyCallbacksOptions {
  readonly store: Pick<DedupeStore, "settle">;
  /** What Notify was told to put into the `Authorization` header: at least 16 characters. */
  readonly bearerToken: string;
  /** Told what each callback came to. Must not throw. */
  readonly observe?: ((observation: CallbackObservation) => void) | undefined;
  /** Milliseconds since the epoch; default the system's. */
  readonly now?: (() => number) | undefined;
}

/** One request of Notify's, as the HTTP server of the service got it. */
export interface CallbackRequest {
  /** The `Authorization` header. */
  readonly authorization: string | undefined;
  readonly body: string;
}

/** The status to answer with: any but 2xx makes Notify call again, up to 5 times in 25 minutes. */
export type CallbackAnswer = 204 | 400 | 401 | 503;

/** Longer than any callback that Notify sends. */
const MAX_BODY = 65_536;
/** How far Notify's clock may be ahead of this machine's, ms. */
const MAX_AHEAD_MS = 5 * 60_000;
const id = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const word = /^[a-z-]{1,40}$/;

/**
 * Reads Notify's delivery receipts as evidence: whatever their status, Notify took the notification whose
 * reference they bear. Returns the handler for a route of the service's own HTTP server. Whoever knows
 * the token may say that a notification was accepted.
 *
 * @example
 * ```ts
 * const onCallback = notifyCallbacks({ store, bearerToken });
 * app.post("/notify", async (request, reply) => {
 *   const { authorization } = request.headers;
 *   reply.code(await onCallback({ authorization, body: request.rawBody })).send();
 * });
 * ```
 *
 * @throws ConfigurationError for a token that can be guessed
 */
export function notifyCallbacks(
  options: NotifyCallbacksOptions,
): (request: CallbackRequest) => Promise<CallbackAnswer> {
  const { bearerToken, observe, now = Date.now } = options;
  const check = optionsOf("notifyCallbacks");
  const store = check.methods("store", options.store, ["settle"], "a store");
  if (typeof bearerToken !== "string" || bearerToken.length < 16) {
    throw new ConfigurationError("notifyCallbacks: bearerToken needs 16 characters or more.");
  }
  const expected = digest(`Bearer ${bearerToken}`);

  return async ({ authorization, body }) => {
    if (!timingSafeEqual(digest(authorization ?? ""), expected)) return 401;
    if (body.length > MAX_BODY) return 400;
    const fields = fieldsOf(parseJson(body));
    const { id: notificationId, status, reference, created_at: created } = fields;
    if (typeof notificationId !== "string" || !id.test(notificationId)) return 400;
    if (typeof status !== "string" || !word.test(status)) return 400;
    const facts = { notificationId, status };
    const attemptId = typeof reference === "string" ? reference : "";
    const ref = parseAttemptId(attemptId);
    if (ref === undefined) {
      observe?.({ type: "foreign", ...facts });
      return 204;
    }
    const at = typeof created === "string" ? Date.parse(created) : Number.NaN;
    const known = at <= now() + MAX_AHEAD_MS ? Math.min(at, now()) : now();
    const receipt: Receipt = { id: notificationId, at: known, via: "event" };
    let reply;
    try {
      reply = await store.settle(ref, { status: "accepted", receipt });
    } catch {
      return 503;
    }
    if (typeof reply !== "object") {
      const type = reply === "settled" ? "settled" : "unknownAttempt";
      observe?.({ type, attemptId, ...facts });
    } else if ("duplicateOf" in reply) {
      observe?.({ type: "duplicateProven", attemptId, duplicateOf: reply.duplicateOf, ...facts });
    } else if ("settledAfterDeadLetter" in reply) {
      const dead = reply.settledAfterDeadLetter;
      observe?.({ type: "settledAfterDeadLetter", attemptId, dead, ...facts });
    }
    if (status.endsWith("failure")) observe?.({ type: "undeliverable", attemptId, ...facts });
    return 204;
  };
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
