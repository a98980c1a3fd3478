import { createHmac } from "node:crypto";
import type { TripwirePolicy } from "../pipeline/pipeline.js";
import type {
  AttemptRef,
  PreparedSummary,
  TripwireCounters,
  TripwireReservation,
} from "../ports/index.js";

const HOUR_MS = 60 * 60_000;
const MINUTE_MS = 60_000;
const DEFAULT_WINDOW_MS = 24 * HOUR_MS;

/** Keyed digest of a recipient or content: what is kept never tells an address. */
export type KeyedDigest = (...parts: readonly string[]) => string;

export function keyedDigest(secret: string): KeyedDigest {
  return (...parts) =>
    createHmac("sha256", secret).update(JSON.stringify(parts)).digest("hex").slice(0, 32);
}

/** Addresses differ in case and padding without being another person's. */
function normalized(recipients: readonly string[]): string {
  return JSON.stringify(recipients.map((recipient) => recipient.trim().toLowerCase()).sort());
}

/** The reservation for same recipient and same rendered content, owned by key and effect. */
export function reservationFor(
  digest: KeyedDigest,
  summary: PreparedSummary,
  { key, effect, fence }: AttemptRef,
  policy: TripwirePolicy,
  edition: string | undefined,
): TripwireReservation {
  const recipients = normalized(summary.recipients);
  // A repetition on purpose has a reservation of its own: within an edition, copies are still caught.
  const scope = edition === undefined ? [] : [edition];
  return {
    digest: digest("content", recipients, summary.contentDigest, ...scope),
    holder: `${key}-${effect}`,
    fence,
    windowMs: policy.windowMs ?? DEFAULT_WINDOW_MS,
  };
}

export interface RateTripped {
  readonly kind: "recipientRate" | "templateRate";
  readonly count: number;
  readonly limit: number;
}

/** Counts one more effect against the policy's rates; tells the first that is exceeded. */
export async function countRates(
  counters: TripwireCounters,
  digest: KeyedDigest,
  summary: PreparedSummary,
  holder: string,
  policy: TripwirePolicy,
): Promise<RateTripped | undefined> {
  const { perRecipientPerHour, perTemplatePerMinute } = policy;
  const [recipientCount, templateCount] = await Promise.all([
    perRecipientPerHour === undefined
      ? 0
      : counters.count({
          counter: `recipient:${digest("recipient", normalized(summary.recipients))}`,
          member: holder,
          windowMs: HOUR_MS,
        }),
    perTemplatePerMinute === undefined || summary.template === undefined
      ? 0
      : counters.count({
          counter: `template:${digest("template", summary.template)}`,
          member: holder,
          windowMs: MINUTE_MS,
        }),
  ]);
  if (perRecipientPerHour !== undefined && recipientCount > perRecipientPerHour) {
    return { kind: "recipientRate", count: recipientCount, limit: perRecipientPerHour };
  }
  if (perTemplatePerMinute !== undefined && templateCount > perTemplatePerMinute) {
    return { kind: "templateRate", count: templateCount, limit: perTemplatePerMinute };
  }
  return undefined;
}
