import { createHmac } from "node:crypto";
import type { Budget, BudgetAction, TripwirePolicy } from "../pipeline/pipeline.js";
import type {
  AttemptRef,
  PreparedSummary,
  TripwireCounters,
  TripwireReservation,
} from "../ports/index.js";

const HOUR_MS = 60 * 60_000;
/** A form that is submitted, withdrawn and submitted again in one afternoon is no copy. */
const DEFAULT_WINDOW_MS = HOUR_MS;

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

/** A budget that an effect goes beyond. */
export interface Exceeded {
  readonly kind: "recipientRate" | "templateRate" | "pipelineRate";
  readonly count: number;
  readonly limit: number;
  readonly withinMs: number;
  readonly action: BudgetAction;
}

/** How strong an action is: the strongest of those that are called for is taken. */
const STRENGTH: Readonly<Record<BudgetAction, number>> = { warn: 0, block: 1, pause: 2 };

/** Counts one more effect against the policy's budgets; tells what it exceeds, the strongest action first. */
export async function countBudgets(
  counters: TripwireCounters,
  digest: KeyedDigest,
  summary: PreparedSummary | undefined,
  holder: string,
  { name, tripwire }: { readonly name: string; readonly tripwire: TripwirePolicy },
): Promise<readonly Exceeded[]> {
  const { perRecipient, perTemplate, perPipeline } = tripwire;
  const template = summary?.template;
  const count = async (
    kind: Exceeded["kind"],
    counter: string,
    budget: Budget | undefined,
    otherwise: BudgetAction,
  ): Promise<readonly Exceeded[]> => {
    if (budget === undefined) return [];
    const { limit, withinMs, onExceeded: action = otherwise } = budget;
    const reached = await counters.count({ counter, member: holder, windowMs: withinMs });
    return reached > limit ? [{ kind, count: reached, limit, withinMs, action }] : [];
  };
  const exceeded = await Promise.all([
    summary === undefined
      ? []
      : count(
          "recipientRate",
          `recipient:${digest("recipient", normalized(summary.recipients))}`,
          perRecipient,
          "block",
        ),
    template === undefined
      ? []
      : count("templateRate", `template:${digest("template", template)}`, perTemplate, "pause"),
    count("pipelineRate", `pipeline:${digest("pipeline", name)}`, perPipeline, "pause"),
  ]);
  return exceeded.flat().sort((a, b) => STRENGTH[b.action] - STRENGTH[a.action]);
}
