import { ConfigurationError, type Sender } from "@exactly-once/core";
import {
  Doubts,
  DOUBT_WAIT_MS,
  leaseTime,
  type Attempt,
  type AttemptInfo,
  type Outcome,
  type PreparedSummary,
} from "@exactly-once/core/ports";
import { classify, type Verdict } from "../wire/classify.js";
import { Absences } from "./absences.js";
import { NotifyApi, type Listing } from "./api.js";
import type { NotifyEmail, NotifySms, PreparedNotification } from "./notification.js";
import { resolveOptions, TOKEN_MS, type NotifyOptions, type NotifySettings } from "./options.js";
import { prepareEmail, prepareSms } from "./prepare.js";
import { SendWindow, type Admission } from "./send-window.js";

/** A sender through GOV.UK Notify, for the `effects` of a pipeline. */
export interface NotifySender<Payload> extends Sender<Payload, PreparedNotification> {
  /** @throws PermanentError for what Notify would refuse; its text bears no address or content */
  prepare(payload: Payload): Promise<PreparedNotification>;
  /** Makes one request at most, and none after the attempt's deadline. */
  send(prepared: PreparedNotification, attempt: Attempt): Promise<Outcome>;
  /** Asks Notify for the attempt by its reference. Throws where Notify gives no usable answer. */
  lookup(attempt: AttemptInfo): Promise<Outcome>;
  summarize(prepared: PreparedNotification): PreparedSummary;
  admit(options: {
    readonly prepared: PreparedNotification;
    readonly signal: AbortSignal;
    readonly maxWaitMs: number;
  }): Promise<Admission | undefined>;
  /**
   * Checks the key, the way to Notify and the machine's clock.
   *
   * @throws ConfigurationError for what an operator has to mend
   * @throws NotifyUnavailableError for what passes by itself
   */
  verify(options?: { readonly signal?: AbortSignal }): Promise<void>;
  readonly validityMs: number;
  readonly attemptTimeoutMs: number;
  readonly evidence: string;
}

/**
 * Sends emails by templates of GOV.UK Notify. The notification's reference is the attempt's id, by which
 * Notify is asked what became of an attempt of unknown outcome.
 *
 * @example
 * ```ts
 * const email = notifyEmailSender({ apiKey: process.env.NOTIFY_API_KEY ?? "" });
 * ```
 *
 * @throws ConfigurationError for options that can't work
 */
export function notifyEmailSender(options: NotifyOptions): NotifySender<NotifyEmail> {
  const settings = resolveOptions("notifyEmailSender", options);
  return new ThroughNotify("email", settings, prepareEmail);
}

/**
 * Sends text messages by templates of GOV.UK Notify; otherwise as {@link notifyEmailSender}.
 *
 * @throws ConfigurationError for options that can't work
 */
export function notifySmsSender(options: NotifyOptions): NotifySender<NotifySms> {
  return new ThroughNotify("sms", resolveOptions("notifySmsSender", options), prepareSms);
}

/** How long all wait while the key, the clock or the service has to be mended, ms. */
const ACCOUNT_WAIT_MS = 60_000;
/** After a refusal for the rate: Notify counts a rolling minute. */
const RATE_WAIT_MS = 15_000;
/** While the day's quota is used up, Notify is tried again so often at least, ms. */
const QUOTA_WAIT_MS = 3_600_000;
/** "Not found" twice within this is one asking, ms. */
const APART_MS = 30_000;
/** What Notify keeps may go some time before its retention is over, ms. */
const RETENTION_MARGIN_MS = 3_600_000;
/** Above this a clock that is off will soon refuse every token, ms. */
const CLOCK_OFF_MS = 20_000;
/** No attempt has this reference: the listing is empty. */
const NO_REFERENCE = "exactly-once-check";

class ThroughNotify<Payload> implements NotifySender<Payload> {
  readonly evidence =
    "The notification in GOV.UK Notify whose reference is its id (GET /v2/notifications?reference=…, or " +
    "the service's API integration page); its id there is the receipt. Notify forgets it after 7 days, " +
    "unless the service is set otherwise.";
  readonly validityMs: number;
  readonly attemptTimeoutMs: number;
  readonly #kind: "email" | "sms";
  readonly #settings: NotifySettings;
  readonly #prepare: (payload: Payload) => PreparedNotification;
  readonly #api: NotifyApi;
  readonly #time: () => number;
  readonly #window: SendWindow;
  readonly #doubts = new Doubts();
  readonly #absences = new Absences(APART_MS);

  constructor(
    kind: "email" | "sms",
    settings: NotifySettings,
    prepare: (payload: Payload) => PreparedNotification,
  ) {
    this.#kind = kind;
    this.#settings = settings;
    this.#prepare = prepare;
    this.#api = new NotifyApi(settings);
    this.#time = leaseTime(settings.clock);
    this.#window = new SendWindow(settings.clock, this.#time, settings.perMinute);
    this.validityMs = settings.validityMs;
    this.attemptTimeoutMs = settings.attemptTimeoutMs;
  }

  async prepare(payload: Payload): Promise<PreparedNotification> {
    return this.#prepare(payload);
  }

  summarize({ to, contentDigest, template }: PreparedNotification): PreparedSummary {
    return { recipients: [to], contentDigest, template };
  }

  admit({
    signal,
    maxWaitMs,
  }: Parameters<NotifySender<Payload>["admit"]>[0]): Promise<Admission | undefined> {
    return this.#window.admit(signal, maxWaitMs);
  }

  async send(prepared: PreparedNotification, attempt: Attempt): Promise<Outcome> {
    if (attempt.remainingMs() <= 0) return { status: "rejected", reason: "deadlinePassed" };
    const verdict = classify(await this.#api.send(this.#kind, prepared.request, attempt));
    return this.#outcomeOf(prepared, verdict);
  }

  async lookup(attempt: AttemptInfo): Promise<Outcome> {
    const { attemptId } = attempt;
    const listing = await this.#api.list(attemptId);
    const found = listing.notifications.find(({ reference }) => reference === attemptId);
    if (found) {
      this.#absences.forget(attemptId);
      const at = Number.isNaN(found.createdAt) ? this.#settings.clock.now() : found.createdAt;
      return { status: "accepted", receipt: { id: found.id, at, via: "provider" } };
    }
    const reason = this.#whyAbsenceSaysNothing(attempt, listing);
    if (reason !== undefined) return { status: "unknown", reason };
    this.#absences.forget(attemptId);
    return { status: "rejected", reason: "notFound" };
  }

  async verify({ signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    const { saidAt } = await this.#api.list(NO_REFERENCE, signal);
    const offMs = saidAt === undefined ? 0 : Math.abs(this.#settings.clock.now() - saidAt);
    if (offMs <= CLOCK_OFF_MS) return;
    throw new ConfigurationError(
      `This machine's clock is ${Math.round(offMs / 1_000)} s off GOV.UK Notify's, which refuses ` +
        `tokens beyond ${TOKEN_MS / 1_000} s: set it by NTP.`,
    );
  }

  /**
   * "Not found" is "not sent" only where nothing of the attempt can be accepted any more, where Notify
   * would list it by now and keeps it still, and where it was absent before: by the stricter of both
   * clocks each.
   */
  #whyAbsenceSaysNothing(
    { attemptId, startedAt, staleAt }: AttemptInfo,
    { saidAt }: Listing,
  ): string | undefined {
    const { clock, listingLagMs, retentionMs } = this.#settings;
    const now = clock.now();
    const atLeast = Math.min(now, saidAt ?? now);
    const atMost = Math.max(now, saidAt ?? now);
    if (atLeast < staleAt + listingLagMs) return "tooEarly";
    if (atMost > startedAt + retentionMs - RETENTION_MARGIN_MS) return "maybeForgotten";
    return this.#absences.confirmed(attemptId, this.#time()) ? undefined : "absentOnce";
  }

  #outcomeOf({ contentDigest }: PreparedNotification, verdict: Verdict): Outcome {
    const { clock } = this.#settings;
    switch (verdict.kind) {
      case "accepted":
        this.#doubts.accepted();
        return {
          status: "accepted",
          receipt: { id: verdict.id, at: clock.now(), via: "provider" },
        };
      case "unknown":
        return { status: "unknown", reason: verdict.reason };
      case "unsent":
        return { status: "rejected", reason: verdict.reason };
      case "ofMessage":
        return { status: "rejected", reason: verdict.reason, permanent: true };
      case "ofEither":
        return this.#doubts.isItsOwn(contentDigest)
          ? { status: "rejected", reason: verdict.reason, permanent: true }
          : this.#waiting(verdict.reason, "rate", DOUBT_WAIT_MS);
      case "ofAccount":
        return this.#waiting(verdict.reason, "rate", ACCOUNT_WAIT_MS);
      case "rate":
        return this.#waiting(verdict.reason, "rate", RATE_WAIT_MS);
      case "quota":
        return this.#waiting(verdict.reason, "quota", untilMidnight(clock.now()));
    }
  }

  #waiting(reason: string, scope: "rate" | "quota", retryAfterMs: number): Outcome {
    this.#window.close(retryAfterMs, `Notify takes nothing for now (${reason})`);
    return { status: "rejected", reason, throttle: { scope, retryAfterMs } };
  }
}

/** Daily limits end at midnight; whose isn't said, so that it is tried before. */
function untilMidnight(now: number): number {
  const dayMs = 24 * 3_600_000;
  return Math.min(QUOTA_WAIT_MS, dayMs - (now % dayMs) + 1_000);
}
