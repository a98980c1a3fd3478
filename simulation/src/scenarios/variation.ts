import type { TripwirePolicy } from "@exactly-once/core";
import type { Decisions } from "../kernel/decisions.js";
import type { Provider } from "../ports/mailer.js";
import { EVENT_KINDS, ODD_SERVICE_KINDS, type EventKind } from "./events.js";
import type { Envelope } from "./envelopes.js";

/** How a service may be set up otherwise than the plain one. */
export interface Variation {
  readonly envelope: Envelope;
  /** `asked`: GOV.UK Notify, by its adapter's own senders. */
  readonly provider: Provider | "asked";
  /** Kinds of odd events. */
  readonly kinds: readonly EventKind[];
  readonly tripwire?: TripwirePolicy;
  /** Events older than this are dead-lettered, ms. */
  readonly maxEventAgeMs?: number;
}

const MAX_EVENT_AGE_MS = 45_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

export function variationOf({ pick, property }: Decisions): Variation {
  const perRecipient = pick("perRecipientPerHour", [2, 4]);
  const perTemplate = pick("perTemplatePerMinute", [3, 6]);
  const onExceeded = pick("onRate", ["block", "block", "warn"] as const);
  const limits: TripwirePolicy = {
    perRecipient: { limit: perRecipient, withinMs: HOUR_MS, onExceeded },
    perTemplate: { limit: perTemplate, withinMs: MINUTE_MS, onExceeded },
  };
  return {
    envelope: pick("envelope", ["none", "sns", "eventBridge", "claimCheck"]),
    provider: pick("provider", ["plain", "asked", "idempotent"]),
    kinds: [...EVENT_KINDS, ...ODD_SERVICE_KINDS, ...ODD_SERVICE_KINDS],
    ...(property("rates") < 0.4 ? { tripwire: limits } : {}),
    ...(property("maxEventAge") < 0.3 ? { maxEventAgeMs: MAX_EVENT_AGE_MS } : {}),
  };
}
