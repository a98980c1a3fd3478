import { RunEndedError } from "../errors.js";
import type { BudgetAction, TripwirePolicy } from "../pipeline/pipeline.js";
import type { AttemptInfo, AttemptRef, PreparedSummary } from "../ports/index.js";
import type { Run, RunEnvironment } from "./run.js";
import { countBudgets, type Exceeded } from "./tripwire.js";

/**
 * Counts an effect against the pipeline's budgets, and does what they say where it is too many.
 *
 * @returns why the effect is to be blocked, or `undefined` where it may go on
 * @throws RunEndedError where the pipeline was paused for it
 */
export async function checkBudgets(
  env: RunEnvironment,
  run: Run,
  ref: AttemptRef,
  earlier: AttemptInfo | undefined,
  summary: PreparedSummary | undefined,
): Promise<string | undefined> {
  const counters = env.store.tripwire;
  const { name, tripwire } = run.pipeline;
  if (!counters || !tripwire || isDecided(earlier)) return undefined;
  const holder = `${ref.key}-${ref.effect}`;
  const [exceeded] = await countBudgets(counters, env.digest, summary, holder, { name, tripwire });
  if (!exceeded) return undefined;
  const action = actionFor(env, name, exceeded);
  const detail = `${exceeded.count} of at most ${exceeded.limit} in ${exceeded.withinMs} ms`;
  const { kind } = exceeded;
  env.emit({ type: "tripwire", kind, effect: ref.effect, action, detail, ...run.facts });
  if (action === "pause") {
    const why = `${kind}: ${detail}`;
    await env.pause?.(name, why);
    // An operator's pause that stood already stays: whose it is, the flags tell.
    const reason = env.pausedReason(name) ?? `pipeline ${name} is paused by the tripwire`;
    run.request ??= { kind: "paused", reason };
    throw new RunEndedError(`Pipeline ${name} is paused, since it is beyond its budget: ${why}.`);
  }
  return action === "block" ? `${kind}: ${detail}` : undefined;
}

/** Whether there is anything to count. */
export function hasBudgets(policy: TripwirePolicy | false | undefined): boolean {
  if (!policy) return false;
  const { perRecipient, perTemplate, perPipeline } = policy;
  return perRecipient !== undefined || perTemplate !== undefined || perPipeline !== undefined;
}

/** What stands in the record already needs no tripwire: `begin` tells what it is. */
export function isDecided(earlier: AttemptInfo | undefined): earlier is AttemptInfo {
  return earlier !== undefined && (earlier.state !== "rejected" || earlier.allowed === true);
}

/** What can't be paused is blocked. */
function actionFor(
  { pause, consents }: RunEnvironment,
  pipeline: string,
  { action, withinMs }: Exceeded,
): BudgetAction {
  if (action !== "pause") return action;
  if (pause === undefined) return "block";
  return consents.lets(pipeline, withinMs) ? "warn" : "pause";
}
