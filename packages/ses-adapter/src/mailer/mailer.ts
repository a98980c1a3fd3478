import { GetSendQuotaCommand, SendRawEmailCommand, type SESClient } from "@aws-sdk/client-ses";
import { ConfigurationError, PermanentError, type Sender } from "@exactly-once/core";
import { type Attempt, type Clock, type Outcome, systemClock } from "@exactly-once/core/ports";
import { checkMailbox } from "./address.js";
import { resendProblems, timeoutProblems, unsafeClientText } from "../wire/check-client.js";
import { classifyFailure, classifyReply } from "../wire/classify.js";
import type { Email, Mailbox, PreparedEmail } from "./email.js";
import { renderEmail, withAttempt } from "./mime.js";
import { armOneShot } from "../wire/one-shot.js";
import { createProviderClock } from "../wire/provider-clock.js";
import { createSendRate, type SendQuota, type SendRateOptions } from "./send-rate.js";
import { emailTags } from "./tags.js";

export interface SesMailerOptions {
  /** Best made by `safeSesClient`; one that isn't safe is refused at start. The caller closes it. */
  readonly client: SESClient;
  /** A verified identity. */
  readonly from: string | Mailbox;
  readonly replyTo?: string | Mailbox;
  /** Publishes the events that settle unknown outcomes. Without it only an operator can. */
  readonly configurationSetName?: string;
  /** `false` leaves rates to SES. */
  readonly sendRate?: SendRateOptions | false;
  /** Milliseconds one attempt may take from `begin` until it is signed. Default 15,000. */
  readonly attemptTimeoutMs?: number;
  /**
   * How long SES may accept a signature after its date, ms. Default 15 minutes: the SES API
   * Reference ("Common Errors", RequestExpired) names 15, the IAM User Guide ("Troubleshoot
   * Signature Version 4") five; only the longer of the two is safe to conclude "not sent" from.
   */
  readonly signatureValidityMs?: number;
  /**
   * How far ahead of SES's clock a signature may be dated, ms; beyond it nothing is sent. Part of
   * `validityMs`, since a signature dated ahead is accepted for that much longer. Default 60,000.
   */
  readonly maxClockSkewMs?: number;
  /** The longest timeout of the client that fits a lease, ms. Default 30,000. */
  readonly maxRequestMs?: number;
  readonly clock?: Clock;
}

export type SesMailer = Required<
  Pick<
    Sender<Email, PreparedEmail>,
    "prepare" | "send" | "summarize" | "admit" | "verify" | "validityMs" | "attemptTimeoutMs"
  >
>;

/** For one `GetSendQuota`, ms. */
const quotaTimeoutMs = 15_000;

/**
 * Sends emails through SES: at most one request per attempt, none after its deadline.
 *
 * The deadline is checked once the request is signed, and again nowhere: whatever a process that
 * pauses after it sends later bears a signature of before the deadline. `validityMs` after it, SES
 * accepts none of those any more.
 *
 * An abort keeps back what isn't written yet. It doesn't end a request under way: to hang up would
 * only make an email of unknown outcome of one that is being accepted. The client's timeouts do.
 *
 * @throws ConfigurationError when an option can't be right
 */
export function sesMailer(options: SesMailerOptions): SesMailer {
  const { client, configurationSetName, clock = systemClock() } = options;
  const settings = checkOptions(options);
  const { from, replyTo, maxClockSkewMs, signatureValidityMs } = settings;
  const providerClock = createProviderClock(clock);
  const rate =
    options.sendRate === false
      ? undefined
      : createSendRate({ ...options.sendRate, clock, askQuota });

  async function askQuota(): Promise<SendQuota> {
    const command = new GetSendQuotaCommand({});
    const shot = armOneShot(command, { gate: () => undefined, onReply: providerClock.heard });
    // The client's own timeouts may be the very thing that is missing.
    const abortSignal = AbortSignal.timeout(quotaTimeoutMs);
    const quota = await Promise.race([client.send(command, { abortSignal }), shot.stopped]);
    return {
      maxSendRate: quota.MaxSendRate ?? 0,
      max24HourSend: quota.Max24HourSend ?? -1,
      sentLast24Hours: quota.SentLast24Hours ?? 0,
    };
  }

  /** Why the signed request must not go out, or undefined. */
  function refuse(attempt: Attempt, signedAt: number | undefined): string | undefined {
    if (signedAt === undefined) return "unsigned";
    if (signedAt - providerClock.atLeast() > maxClockSkewMs) {
      rate?.expire();
      return "clockSkew";
    }
    if (attempt.signal.aborted) return "aborted";
    return attempt.remainingMs() <= 0 ? "deadlinePassed" : undefined;
  }

  async function send(prepared: PreparedEmail, attempt: Attempt): Promise<Outcome> {
    const command = new SendRawEmailCommand({
      Source: from.address,
      Destinations: [prepared.recipient],
      RawMessage: { Data: withAttempt(prepared, attempt.id) },
      Tags: tagsOf(prepared, attempt),
      ...(configurationSetName === undefined ? {} : { ConfigurationSetName: configurationSetName }),
    });
    const shot = armOneShot(command, {
      gate: (signedAt) => refuse(attempt, signedAt),
      onReply: providerClock.heard,
    });
    try {
      const { MessageId } = await Promise.race([client.send(command), shot.stopped]);
      return classifyReply(MessageId, clock.now());
    } catch (error) {
      const outcome = classifyFailure(error, shot);
      if (outcome.status === "rejected" && outcome.throttle) rate?.throttled(outcome.throttle);
      return outcome;
    }
  }

  async function verify(): Promise<void> {
    const problems = [...(await resendProblems(client))];
    // The one real request: it proves the way to SES, and makes the handler show its settings.
    await askAtStart(rate ? rate.refresh : askQuota);
    problems.push(...timeoutProblems(client, settings.maxRequestMs));
    if (problems.length > 0) throw new ConfigurationError(unsafeClientText(problems));
    const aheadMs = providerClock.aheadMs() ?? 0;
    if (aheadMs > maxClockSkewMs) {
      throw new ConfigurationError(
        `This machine's clock is ${Math.round(aheadMs / 1_000)} s ahead of SES's: set it by NTP.`,
      );
    }
  }

  return {
    prepare: (email) => renderEmail(email, { from, replyTo }),
    send,
    summarize: ({ recipient, contentDigest, template }) => ({
      recipients: [recipient],
      contentDigest,
      ...(template === undefined ? {} : { template }),
    }),
    admit: (wait) => rate?.admit(wait) ?? Promise.resolve(undefined),
    verify,
    validityMs: signatureValidityMs + maxClockSkewMs,
    attemptTimeoutMs: settings.attemptTimeoutMs,
  };
}

async function askAtStart(ask: () => Promise<unknown>): Promise<void> {
  try {
    await ask();
  } catch (cause) {
    const name = cause instanceof Error ? cause.name : "unknown fault";
    throw new ConfigurationError(
      `SES did not answer GetSendQuota (${name}): check endpoint, region and credentials, and allow ses:GetSendQuota.`,
      { cause },
    );
  }
}

function tagsOf(prepared: PreparedEmail, attempt: Attempt) {
  const { contentDigest, template } = prepared;
  return [
    { Name: emailTags.attempt, Value: attempt.id },
    { Name: emailTags.namespace, Value: attempt.namespace },
    { Name: emailTags.content, Value: contentDigest },
    ...(template === undefined ? [] : [{ Name: emailTags.template, Value: template }]),
  ];
}

function checkOptions(options: SesMailerOptions) {
  const { attemptTimeoutMs = 15_000, maxRequestMs = 30_000 } = options;
  const { signatureValidityMs = 15 * 60_000, maxClockSkewMs = 60_000 } = options;
  const times = { attemptTimeoutMs, maxRequestMs, signatureValidityMs, maxClockSkewMs };
  for (const [name, ms] of Object.entries(times)) {
    if (ms > 0 && Number.isFinite(ms)) continue;
    throw new ConfigurationError(`sesMailer: ${name} must be above 0 ms, and finite.`);
  }
  const { share = 1, perSecond = 1 } = options.sendRate === false ? {} : (options.sendRate ?? {});
  if (!(share > 0 && share <= 1)) {
    throw new ConfigurationError("sesMailer: sendRate.share must be above 0 and at most 1.");
  }
  if (!(perSecond > 0)) {
    throw new ConfigurationError("sesMailer: sendRate.perSecond must be above 0.");
  }
  return {
    ...times,
    from: ownMailbox(options.from, "from"),
    replyTo: options.replyTo === undefined ? undefined : ownMailbox(options.replyTo, "replyTo"),
  };
}

/** The service's own address: a fault in it is one of the settings, not of a message. */
function ownMailbox(given: string | Mailbox, field: string): Mailbox {
  try {
    return checkMailbox(given, field);
  } catch (error) {
    if (!(error instanceof PermanentError)) throw error;
    throw new ConfigurationError(`sesMailer: ${error.message}`);
  }
}
