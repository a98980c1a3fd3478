import { LONGEST_TIMER_MS, optionsOf, systemClock, type Clock } from "@exactly-once/core/ports";
import { requestMaker, type RequestMaker, type RequestSettings } from "@exactly-once/one-request";
import { parseApiKey, type ApiKey } from "../wire/api-key.js";

const DAY_MS = 24 * 3_600_000;
const NOTIFY = "https://api.notifications.service.gov.uk";

export interface NotifyOptions extends RequestSettings {
  /** `{name}-{service id}-{secret}`, as Notify shows it once. */
  readonly apiKey: string;
  /** Default `https://api.notifications.service.gov.uk`. */
  readonly baseUrl?: string | undefined;
  /** Allows `http:` in `baseUrl`, for a local Notify. Default false. */
  readonly allowHttp?: boolean | undefined;
  /** How requests are made, by a proxy say: at most one each. Default as the other options say. */
  readonly requests?: RequestMaker | undefined;
  /**
   * Notifications a minute that this process sends. Default 3,000: Notify's limit for each type of key.
   * Divide it by the number of replicas, and by what else sends with the same type of key.
   */
  readonly perMinute?: number | undefined;
  /** From the grant of an attempt to its token, ms. Default what connecting may take and 5,000. */
  readonly attemptTimeoutMs?: number | undefined;
  /** How far this machine's clock may be ahead of Notify's, ms. Default 60,000. */
  readonly maxClockSkewMs?: number | undefined;
  /**
   * How late Notify may list what it took, ms. Default 900,000: for services of much traffic it answers
   * before it stores. "Not found" counts from then on only.
   */
  readonly listingLagMs?: number | undefined;
  /**
   * For how long Notify keeps notifications, ms: the service's own setting. Default 7 days. What isn't
   * found after that may be forgotten, and is held.
   */
  readonly retentionMs?: number | undefined;
}

/** The options with their defaults, checked. */
export interface NotifySettings {
  readonly clock: Clock;
  readonly apiKey: ApiKey;
  readonly baseUrl: URL;
  readonly maker: RequestMaker;
  readonly perMinute: number;
  readonly attemptTimeoutMs: number;
  readonly validityMs: number;
  readonly listingLagMs: number;
  readonly retentionMs: number;
}

/** Notify takes a token for so long, ms (https://docs.notifications.service.gov.uk/rest-api.html). */
export const TOKEN_MS = 30_000;

/** @throws ConfigurationError for what can't work; its text never repeats the key */
export function resolveOptions(caller: string, options: NotifyOptions): NotifySettings {
  const check = optionsOf(caller);
  const maker = options.requests ?? requestMaker(caller, options);
  const apiKey = parseApiKey(options.apiKey);
  if (apiKey === undefined) {
    return check.refuse("apiKey is none; give it whole, as Notify showed it: name-UUID-UUID.");
  }
  const timeout = options.attemptTimeoutMs ?? maker.connectMs + 5_000;
  const skewMs = check.ms("maxClockSkewMs", options.maxClockSkewMs ?? 60_000, { from: 0 });
  return {
    ...{ apiKey, maker, baseUrl: baseUrlOf(options) },
    clock: options.clock ?? systemClock(),
    perMinute: check.integer("perMinute", options.perMinute ?? 3_000, { from: 1, to: 1_000_000 }),
    attemptTimeoutMs: check.ms("attemptTimeoutMs", timeout, { to: LONGEST_TIMER_MS }),
    validityMs: TOKEN_MS + skewMs,
    listingLagMs: check.ms("listingLagMs", options.listingLagMs ?? 900_000, { from: 0 }),
    retentionMs: check.ms("retentionMs", options.retentionMs ?? 7 * DAY_MS, { from: 3_600_000 }),
  };

  function baseUrlOf({ baseUrl = NOTIFY, allowHttp = false }: NotifyOptions): URL {
    if (!URL.canParse(baseUrl))
      return check.refuse("baseUrl is no URL; leave it out for Notify's.");
    const url = new URL(baseUrl);
    if (url.protocol === "https:" || (allowHttp && url.protocol === "http:")) return url;
    return check.refuse("baseUrl doesn't begin with https:; allowHttp allows http:, too.");
  }
}
