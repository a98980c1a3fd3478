import { ConfigurationError, type Sender } from "@exactly-once/core";
import {
  Doubts,
  DOUBT_WAIT_MS,
  leaseTime,
  systemRandomness,
  type Attempt,
  type Clock,
  type Outcome,
  type PreparedSummary,
} from "@exactly-once/core/ports";
import { resendProblems, timeoutProblems, unsafeClientText } from "../wire/check-client.js";
import { classifyFailure, type Failure } from "../wire/classify.js";
import { closeIdleSockets, idleSocketMs } from "../wire/idle-sockets.js";
import { oneRequest, type Answer } from "../wire/one-request.js";
import { ProviderClock } from "../wire/provider-clock.js";
import type { SesApi, WireCall } from "../wire/ses-api.js";
import { Account, assertUsable } from "./account.js";
import { everyRecipient, type Email, type PreparedEmail } from "./email.js";
import { renderEmail, withAttempt } from "./mime.js";
import type { MailerSettings } from "./options.js";
import { Replicas } from "./replicas.js";
import { SendRate, type Admission } from "./send-rate.js";
import { attemptHeader, emailTags } from "./tags.js";

/** A sender of emails through SES, for the `effects` of a pipeline. */
export interface SesMailer extends Sender<Email, PreparedEmail> {
  /**
   * Renders an email to MIME.
   *
   * @throws PermanentError for what SES would refuse; its text bears no address or content
   */
  prepare(email: Email): Promise<PreparedEmail>;
  /** Makes one request at most, and none after the attempt's deadline. */
  send(prepared: PreparedEmail, attempt: Attempt): Promise<Outcome>;
  summarize(prepared: PreparedEmail): PreparedSummary;
  /** Waits for room in the account's rate, or says for how long there is none. */
  admit(options: {
    readonly prepared: PreparedEmail;
    readonly signal: AbortSignal;
    readonly maxWaitMs: number;
  }): Promise<{ readonly deferMs: number; readonly reason: string } | undefined>;
  /**
   * Checks the client, the way to SES and the machine's clock, until `signal` says that nobody waits.
   *
   * @throws ConfigurationError for what an operator has to mend
   * @throws SesUnavailableError for what passes by itself
   */
  verify(options?: { readonly signal?: AbortSignal }): Promise<void>;
  readonly validityMs: number;
  readonly attemptTimeoutMs: number;
  readonly evidence: string;
}

/** While SES's time isn't known, since it doesn't answer, ms. */
const silenceWaitMs = 5_000;
/** While this machine's clock is too far ahead, ms. */
const skewWaitMs = 30_000;
/** After a signature that was dated too far ahead: SES is asked first, ms. */
const askFirstMs = 1_000;

/**
 * The mailer for either of SES's APIs.
 *
 * The deadline is checked once the request is signed, and again nowhere: whatever a process that
 * pauses after it sends later bears a signature of before the deadline. `validityMs` after it, SES
 * accepts none of those any more.
 *
 * An abort keeps back what isn't written yet. It doesn't end a request under way: to hang up would
 * only make an email of unknown outcome of one that is being accepted. Time limits do.
 */
export class Mailer implements SesMailer {
  readonly evidence =
    `An SES event (Send, Delivery, Bounce, …) whose mail.tags["${emailTags.attempt}"] is its id; its ` +
    `mail.messageId is the receipt. Or the email itself: its header ${attemptHeader} is its id.`;
  readonly validityMs: number;
  readonly attemptTimeoutMs: number;
  readonly #api: SesApi;
  readonly #settings: MailerSettings;
  readonly #clock: Clock;
  readonly #time: () => number;
  readonly #providerClock: ProviderClock;
  readonly #account: Account;
  readonly #rate: SendRate | undefined;
  readonly #replicas: Replicas | undefined;
  readonly #doubts = new Doubts();
  #lastReplyAt = -Infinity;

  /** @throws ConfigurationError where the client keeps middleware from one request to the next */
  constructor(api: SesApi, settings: MailerSettings) {
    const { clock, rate, sharedThrough } = settings;
    if (api.config.cacheMiddleware === true) {
      throw new ConfigurationError(
        `${api.caller}: the client has cacheMiddleware: true, by which every email would meet the checks of the first one; leave it out.`,
      );
    }
    this.#api = api;
    this.#settings = settings;
    this.#clock = clock;
    this.#time = leaseTime(clock);
    this.#providerClock = new ProviderClock(clock);
    this.validityMs = settings.signatureValidityMs + settings.maxClockSkewMs;
    this.attemptTimeoutMs = settings.attemptTimeoutMs;
    this.#rate = rate && new SendRate(clock, this.#time, rate);
    this.#replicas =
      sharedThrough &&
      new Replicas({
        ...{ clock, time: this.#time, counters: sharedThrough },
        id: systemRandomness().id(),
      });
    this.#account = new Account({
      ...{ clock, time: this.#time, refreshMs: settings.refreshMs },
      ask: (signal) =>
        this.#request(
          () => undefined,
          (call) => api.askAccount(call),
          signal,
        ),
      onFacts: (facts) => this.#rate?.learn(facts),
    });
  }

  prepare(email: Email): Promise<PreparedEmail> {
    const { from, replyTo } = this.#settings;
    const { maxMessageBytes } = this.#api;
    return renderEmail(email, { from, replyTo, maxMessageBytes });
  }

  summarize({ recipients, contentDigest, template }: PreparedEmail): PreparedSummary {
    return {
      ...{ recipients: everyRecipient(recipients), contentDigest },
      ...(template === undefined ? {} : { template }),
    };
  }

  async admit({
    prepared,
    signal,
    maxWaitMs,
  }: Parameters<SesMailer["admit"]>[0]): Promise<Admission | undefined> {
    const timeIsOld = this.#timeIsOld();
    if (timeIsOld) this.#account.expire();
    if (timeIsOld || this.#rate) await this.#account.freshen(signal, maxWaitMs);
    const unknownTime = this.#whyTimeIsUnknown();
    if (unknownTime) return unknownTime;
    if (!this.#rate) return undefined;
    if (this.#replicas) this.#rate.divideBy(await this.#replicas.count());
    const recipients = everyRecipient(prepared.recipients).length;
    return this.#rate.admit({ recipients, signal, maxWaitMs });
  }

  async send(prepared: PreparedEmail, attempt: Attempt): Promise<Outcome> {
    const { from } = this.#settings;
    const answer = await this.#request(
      (signedAt) => this.#refuse(attempt, signedAt),
      (call) =>
        this.#api.sendEmail(
          {
            ...{ from: from.address, recipients: prepared.recipients },
            ...{ raw: withAttempt(prepared, attempt.id), tags: tagsOf(prepared, attempt) },
          },
          call,
        ),
    );
    if (answer.kind === "reply") return this.#accepted(answer.value);
    const { error, shot } = answer;
    const recipients = everyRecipient(prepared.recipients);
    const context = { from: from.address, recipients };
    return this.#declined(
      prepared,
      classifyFailure(error, shot, this.#api.errorOf(error), context),
    );
  }

  async verify({ signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    const { maxRequestMs, maxClockSkewMs } = this.#settings;
    const problems = [...(await resendProblems(this.#api))];
    // The one real request: it proves the way to SES, and makes the handler show its settings.
    const answer = await this.#account.ask(signal);
    if (signal?.aborted) return;
    problems.push(...timeoutProblems(this.#api.config, maxRequestMs));
    if (problems.length > 0) throw new ConfigurationError(unsafeClientText(this.#api, problems));
    assertUsable(this.#api, answer);
    const aheadMs = this.#providerClock.aheadMs() ?? 0;
    if (aheadMs > maxClockSkewMs) throw new ConfigurationError(aheadText(aheadMs));
  }

  async #request<Value>(
    gate: (signedAt: number | undefined) => string | undefined,
    make: (call: WireCall) => Promise<Value>,
    signal?: AbortSignal,
  ): Promise<Answer<Value>> {
    if (this.#time() - this.#lastReplyAt > idleSocketMs) {
      closeIdleSockets(this.#api.config.requestHandler);
    }
    return oneRequest({
      ...{ clock: this.#clock, limitMs: this.#settings.maxRequestMs, gate, make, signal },
      onReply: (headers) => {
        this.#lastReplyAt = this.#time();
        this.#providerClock.heard(headers);
      },
    });
  }

  /** Why the signed request must not go out, or undefined. */
  #refuse(attempt: Attempt, signedAt: number | undefined): string | undefined {
    if (signedAt === undefined) return "unsigned";
    if (this.#isAhead(signedAt)) return "clockSkew";
    if (attempt.signal.aborted) return "aborted";
    return attempt.remainingMs() <= 0 ? "deadlinePassed" : undefined;
  }

  /** Before SES has said anything, this machine's own clock is all there is. */
  #isAhead(signedAt: number): boolean {
    const atLeast = this.#providerClock.atLeast() ?? this.#clock.now();
    return signedAt - atLeast > this.#settings.maxClockSkewMs;
  }

  /** SES has to be asked: nothing was heard of it yet, or too long ago by one of the clocks. */
  #timeIsOld(): boolean {
    return this.#providerClock.atLeast() === undefined || this.#isAhead(this.#clock.now());
  }

  /** Once SES was asked. */
  #whyTimeIsUnknown(): Admission | undefined {
    const aheadMs = this.#providerClock.aheadMs();
    if (aheadMs === undefined) {
      return { deferMs: silenceWaitMs, reason: "SES doesn't answer, so its time isn't known" };
    }
    if (!this.#isAhead(this.#clock.now())) return undefined;
    return aheadMs > this.#settings.maxClockSkewMs
      ? { deferMs: skewWaitMs, reason: aheadText(aheadMs) }
      : { deferMs: silenceWaitMs, reason: "SES doesn't answer, so its time isn't known" };
  }

  #accepted(messageId: string | undefined): Outcome {
    // A reply that could be parsed is a proof only with an id in it.
    if (messageId === undefined || messageId === "") {
      return { status: "unknown", reason: "noMessageId" };
    }
    this.#doubts.accepted();
    const receipt = { id: messageId, at: this.#clock.now(), via: "provider" } as const;
    return { status: "accepted", receipt };
  }

  #declined(prepared: PreparedEmail, failure: Failure): Outcome {
    const { kind, reason } = failure;
    if (kind === "unknown") return { status: "unknown", reason };
    if (kind === "unsent") {
      if (reason !== "clockSkew") return { status: "rejected", reason };
      // No try of the message's: SES is asked for its time before the next one.
      this.#account.expire();
      return waiting(reason, "rate", askFirstMs);
    }
    const { verdict } = failure;
    if (verdict.kind === "message") return { status: "rejected", reason, permanent: true };
    if (verdict.kind === "wait") {
      this.#rate?.close(verdict.waitMs, `SES takes nothing for now (${reason})`);
      return waiting(reason, verdict.scope, verdict.waitMs);
    }
    if (
      this.#doubts.isItsOwn(
        `${prepared.contentDigest} ${everyRecipient(prepared.recipients).join(" ")}`,
      )
    ) {
      return { status: "rejected", reason, permanent: true };
    }
    return waiting(reason, "rate", DOUBT_WAIT_MS);
  }
}

function waiting(reason: string, scope: "rate" | "quota", retryAfterMs: number): Outcome {
  return { status: "rejected", reason, throttle: { scope, retryAfterMs } };
}

function aheadText(aheadMs: number): string {
  return `This machine's clock is ${Math.round(aheadMs / 1_000)} s ahead of SES's: set it by NTP.`;
}

function tagsOf(
  { contentDigest, template }: PreparedEmail,
  { id, namespace }: Attempt,
): readonly (readonly [string, string])[] {
  return [
    [emailTags.attempt, id],
    [emailTags.namespace, namespace],
    [emailTags.content, contentDigest],
    ...(template === undefined ? [] : [[emailTags.template, template] as const]),
  ];
}
