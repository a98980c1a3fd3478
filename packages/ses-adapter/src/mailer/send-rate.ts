import type { Clock, Throttle } from "@exactly-once/core/ports";
import { quotaPauseMs } from "../wire/refusal.js";

/** What `GetSendQuota` says. Both limits count recipients. */
export interface SendQuota {
  /** Recipients a second. */
  readonly maxSendRate: number;
  /** Recipients in any 24 hours; -1 is without limit. */
  readonly max24HourSend: number;
  readonly sentLast24Hours: number;
}

export interface SendRateOptions {
  /** Recipients a second, in place of what SES grants. */
  readonly perSecond?: number;
  /** This process's part of the account's rate, above 0 and at most 1. Default 1. */
  readonly share?: number;
  /** How old the quota may become, ms. Default 5 minutes. */
  readonly refreshMs?: number;
}

export interface SendRateSettings extends SendRateOptions {
  readonly clock: Clock;
  /** Must settle in the end, since all admissions share it. */
  readonly askQuota: () => Promise<SendQuota>;
}

export interface Admission {
  readonly deferMs: number;
  readonly reason: string;
}

export interface SendRate {
  admit(options: {
    readonly signal: AbortSignal;
    readonly maxWaitMs: number;
  }): Promise<Admission | undefined>;
  /** Obeys what SES said to one email, for all that follow. */
  throttled(throttle: Throttle): void;
  /** Asks for the quota now; rejects with whatever the call rejects with. */
  refresh(): Promise<void>;
  /** Makes the next admission ask anew. */
  expire(): void;
}

const defaultRefreshMs = 5 * 60_000;
/** After a failed `GetSendQuota`, ms. SES allows one such call a second. */
const askAgainMs = 10_000;

/**
 * Keeps to the account's sending rate on this side: a bucket of one second's worth of emails, and a
 * stop when the day's quota is used up. Without any answer to `GetSendQuota` it lets everything
 * pass and leaves it to SES to throttle.
 */
export function createSendRate(settings: SendRateSettings): SendRate {
  const { clock, askQuota, perSecond, share = 1, refreshMs = defaultRefreshMs } = settings;
  let rate = perSecond;
  let leftToday = Infinity;
  let tokens = burstOf(rate);
  let filledAt = clock.monotonic();
  let askAt = 0;
  let asking: Promise<void> | undefined;
  let closed = { until: 0, reason: "" };

  function fill(): void {
    const now = clock.monotonic();
    if (rate !== undefined) {
      tokens = Math.min(burstOf(rate), tokens + ((now - filledAt) / 1_000) * rate);
    }
    filledAt = now;
  }

  function learn(quota: SendQuota): void {
    fill();
    const granted = perSecond ?? quota.maxSendRate * share;
    if (granted > 0) {
      if (rate === undefined) tokens = burstOf(granted);
      rate = granted;
    }
    leftToday = quota.max24HourSend < 0 ? Infinity : quota.max24HourSend - quota.sentLast24Hours;
  }

  function refresh(): Promise<void> {
    asking ??= (async () => {
      try {
        askAt = clock.monotonic() + Math.min(askAgainMs, refreshMs);
        learn(await askQuota());
        askAt = clock.monotonic() + refreshMs;
      } finally {
        asking = undefined;
      }
    })();
    return asking;
  }

  /** Waits for the first quota only; later ones come in the background. */
  async function freshen(signal: AbortSignal, maxWaitMs: number): Promise<void> {
    if (clock.monotonic() < askAt && (asking === undefined || rate !== undefined)) return;
    const answered = refresh().catch(() => undefined);
    if (rate !== undefined && leftToday >= 1) return;
    const enough = new AbortController();
    const stop = AbortSignal.any([signal, enough.signal]);
    await Promise.race([answered, clock.sleep(maxWaitMs, stop)]);
    enough.abort();
  }

  function refusal(): Admission | undefined {
    const now = clock.monotonic();
    if (leftToday < 1 && now >= closed.until) {
      closed = { until: now + quotaPauseMs, reason: quotaUsedUp };
      askAt = Math.min(askAt, closed.until);
    }
    return now < closed.until
      ? { deferMs: Math.ceil(closed.until - now), reason: closed.reason }
      : undefined;
  }

  return {
    refresh,
    expire: () => {
      askAt = 0;
    },
    throttled: ({ scope, retryAfterMs }) => {
      const until = clock.monotonic() + retryAfterMs;
      if (until <= closed.until) return;
      closed = { until, reason: scope === "quota" ? quotaUsedUp : "SES throttles the rate" };
      if (scope === "rate") tokens = Math.min(tokens, 0);
      else askAt = Math.min(askAt, until);
    },
    admit: async ({ signal, maxWaitMs }) => {
      await freshen(signal, maxWaitMs);
      const refused = refusal();
      if (refused) return refused;
      if (rate === undefined) return undefined;
      fill();
      const waitMs = tokens >= 1 ? 0 : Math.ceil(((1 - tokens) / rate) * 1_000);
      if (waitMs > maxWaitMs) {
        return { deferMs: waitMs, reason: "the sending rate of the account is in use" };
      }
      tokens -= 1;
      leftToday -= 1;
      if (waitMs > 0) await clock.sleep(waitMs, signal);
      return undefined;
    },
  };
}

const quotaUsedUp = "SES takes no more for now: the daily quota is used up or sending is stopped";

/** Below one email a second a bucket must still hold one. */
function burstOf(rate: number | undefined): number {
  return Math.max(1, rate ?? 1);
}
