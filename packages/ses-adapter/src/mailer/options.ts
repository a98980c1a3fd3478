import { ConfigurationError, PermanentError } from "@exactly-once/core";
import {
  LONGEST_TIMER_MS,
  optionsOf,
  systemClock,
  type Clock,
  type TripwireCounters,
} from "@exactly-once/core/ports";
import { checkMailbox, checkMailboxes } from "./address.js";
import type { Mailbox, Mailboxes } from "./email.js";
import type { SendRateShare } from "./send-rate.js";

/** How the sending rate is kept. SES counts recipients, not emails. */
export interface SendRateOptions {
  /** Recipients a second for all who share it, in place of what SES grants. */
  readonly perSecond?: number | undefined;
  /** This service's part of what SES grants to the account, above 0 and at most 1. Default 1. */
  readonly share?: number | undefined;
  /**
   * The store's counters (`store.tripwire`): mailers that count themselves there divide the rate
   * evenly. Without it each takes all of it, which is right for one process only.
   */
  readonly sharedThrough?: Pick<TripwireCounters, "count"> | undefined;
  /** How old SES's word on rate and quota may become, ms. Default 5 minutes. */
  readonly refreshMs?: number | undefined;
}

/** What both mailers take. Times are in milliseconds. */
export interface MailerOptions {
  /** A verified identity. */
  readonly from: string | Mailbox;
  /** For emails that don't say themselves. */
  readonly replyTo?: Mailboxes | undefined;
  /** Publishes the events that settle unknown outcomes. Without it only an operator can. */
  readonly configurationSetName?: string | undefined;
  /** `false` leaves rates and the daily quota to SES. */
  readonly sendRate?: SendRateOptions | false | undefined;
  /** What one attempt may take from `begin` until it is signed. Default 15,000. */
  readonly attemptTimeoutMs?: number | undefined;
  /**
   * How long SES may accept a signature after its date. Default 15 minutes: the SES API Reference
   * ("Common Errors", RequestExpired) names 15, the IAM User Guide ("Troubleshoot Signature Version
   * 4") five; only the longer of the two is safe to conclude "not sent" from.
   */
  readonly signatureValidityMs?: number | undefined;
  /**
   * How far ahead of SES's clock a signature may be dated; beyond it SES is asked for its time, and
   * nothing is sent before it has answered. Part of `validityMs`, since a signature dated ahead is
   * accepted for that much longer. Default 60,000.
   */
  readonly maxClockSkewMs?: number | undefined;
  /** What one call may take, its reply included; also the longest timeout of the client. Default 30,000. */
  readonly maxRequestMs?: number | undefined;
  /** Default: the system's. */
  readonly clock?: Clock | undefined;
}

export interface MailerSettings {
  readonly from: Mailbox;
  readonly replyTo: readonly Mailbox[] | undefined;
  readonly attemptTimeoutMs: number;
  readonly signatureValidityMs: number;
  readonly maxClockSkewMs: number;
  readonly maxRequestMs: number;
  readonly refreshMs: number;
  /** `undefined`: rates are left to SES. */
  readonly rate: SendRateShare | undefined;
  readonly sharedThrough: Pick<TripwireCounters, "count"> | undefined;
  readonly clock: Clock;
}

/** What a client's `config` says of itself, where the SDK lets it: the API that it was made for. */
interface ClientLike {
  readonly config: object;
}

/** The clients of SES's two APIs, and who takes them. */
const CLIENTS = {
  SES: { name: "SESClient", safe: "safeSesClient()", mailer: "sesMailer" },
  SESv2: { name: "SESv2Client", safe: "safeSesV2Client()", mailer: "sesV2Mailer" },
} as const;

/**
 * Refuses what is no client of the API that a mailer speaks. A client that doesn't say which API is its own
 * passes: the check at start will tell.
 *
 * @throws ConfigurationError that names what was given, and what to give
 */
export function checkClient(client: ClientLike, service: keyof typeof CLIENTS): void {
  const { name, safe, mailer } = CLIENTS[service];
  const check = optionsOf(mailer);
  const example = `an ${name}, such as ${safe}`;
  check.methods("client", client as ClientLike & { send(): void }, ["send"], example);
  const { serviceId } = Object(client.config) as { readonly serviceId?: unknown };
  const other = service === "SES" ? "SESv2" : "SES";
  if (serviceId !== other) return;
  const { name: given, mailer: its } = CLIENTS[other];
  check.refuse(`client is an ${given}; give ${example}, or pass this one to ${its}.`);
}

const SHARE = { from: 1e-6, to: 1 };
const PER_SECOND = { from: 1e-3, to: 1e6 };

/**
 * Fills in the defaults.
 *
 * @throws ConfigurationError that names the caller and what to change
 */
export function mailerSettings(options: MailerOptions, caller: string): MailerSettings {
  const check = optionsOf(caller);
  const { sendRate = {} } = options;
  const { perSecond, share = 1, sharedThrough, refreshMs = 5 * 60_000 } = sendRate || {};
  const name = options.configurationSetName;
  if (name !== undefined) {
    const rule = "1 to 64 of [A-Za-z0-9_-], as SES has it";
    check.text("configurationSetName", name, /^[A-Za-z0-9_-]{1,64}$/, rule);
  }
  return {
    attemptTimeoutMs: check.ms("attemptTimeoutMs", options.attemptTimeoutMs ?? 15_000),
    signatureValidityMs: check.ms(
      "signatureValidityMs",
      options.signatureValidityMs ?? 15 * 60_000,
    ),
    maxClockSkewMs: check.ms("maxClockSkewMs", options.maxClockSkewMs ?? 60_000),
    maxRequestMs: check.ms("maxRequestMs", options.maxRequestMs ?? 30_000, {
      to: LONGEST_TIMER_MS,
    }),
    refreshMs: check.ms("sendRate.refreshMs", refreshMs),
    from: own(caller, () => checkMailbox(options.from, "from")),
    replyTo: own(
      caller,
      () => options.replyTo && checkMailboxes(options.replyTo, "replyTo"),
    ) as MailerSettings["replyTo"],
    rate:
      sendRate === false
        ? undefined
        : {
            perSecond:
              perSecond === undefined
                ? undefined
                : check.number("sendRate.perSecond", perSecond, PER_SECOND),
            share: check.number("sendRate.share", share, SHARE),
          },
    sharedThrough,
    clock: options.clock ?? systemClock(),
  };
}

/** A fault in the service's own address is one of the settings, not of a message. */
function own<Checked>(caller: string, check: () => Checked): Checked {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof PermanentError)) throw error;
    throw new ConfigurationError(`${caller}: ${error.message}`);
  }
}
