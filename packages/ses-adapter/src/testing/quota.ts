import { dailyQuotaExceeded, rateExceeded, type SesRefusal } from "./ses-refusal.js";

const dayMs = 24 * 60 * 60 * 1_000;
// Slices of the sliding day: fine enough for a test of a day, and bounded however much is sent.
const sliceMs = 60 * 1_000;

/** What the account may send; both limits count recipients, not messages. */
export interface SendingLimits {
  /** Recipients in any 24 hours; -1 means without limit. */
  readonly max24HourSend: number;
  /** Recipients per second, with bursts of up to one second's worth. */
  readonly maxSendRate: number;
}

/**
 * The account's sending quota as "Managing your Amazon SES sending limits" describes it: a sliding
 * 24 hours, and a rate that short bursts may touch but not exceed for long.
 */
export const createQuota = (limits: SendingLimits, now: () => number) => {
  const slices = new Map<number, number>();
  let tokens = limits.maxSendRate;
  let refilledAt = now();

  const sentLast24Hours = (): number => {
    const oldest = Math.floor((now() - dayMs) / sliceMs);
    let sum = 0;
    for (const [slice, count] of slices) {
      if (slice <= oldest) slices.delete(slice);
      else sum += count;
    }
    return sum;
  };

  const refill = (): void => {
    const elapsed = Math.max(0, now() - refilledAt);
    tokens = Math.min(limits.maxSendRate, tokens + (elapsed / 1_000) * limits.maxSendRate);
    refilledAt = now();
  };

  return {
    limits,
    sentLast24Hours,
    /** Takes `recipients` from the quota, or says which limit refuses; a refusal takes nothing. */
    take: (recipients: number): SesRefusal | undefined => {
      const { max24HourSend } = limits;
      if (max24HourSend >= 0 && sentLast24Hours() + recipients > max24HourSend) {
        return dailyQuotaExceeded;
      }
      refill();
      // One message to many recipients may pass alone, else it could never pass at a low rate.
      if (tokens < Math.min(recipients, limits.maxSendRate)) return rateExceeded;
      tokens -= recipients;
      const slice = Math.floor(now() / sliceMs);
      slices.set(slice, (slices.get(slice) ?? 0) + recipients);
      return undefined;
    },
  };
};

export type Quota = ReturnType<typeof createQuota>;
