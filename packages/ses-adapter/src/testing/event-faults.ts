import type { SesEvent } from "./events.js";
import { seededChance } from "./seeded-chance.js";

/** What may happen to an event on its way; at most one of them to each event. */
export const eventFateNames = ["lost", "doubled", "late", "reordered"] as const;
/** One of these fates. */
export type EventFate = (typeof eventFateNames)[number];

/** Probabilities in [0, 1] for each fate; their sum should not pass 1. */
export interface EventFaultRates {
  readonly seed: number;
  readonly lost?: number;
  readonly doubled?: number;
  readonly late?: number;
  readonly reordered?: number;
  /** How late a late event is, in milliseconds. Default 1,000. */
  readonly lateMs?: number;
}

/** Decides what goes wrong with each event. */
export type EventFaultPlan = ((event: SesEvent) => EventFate | undefined) | EventFaultRates;

export const defaultLateMs = 1_000;

/** Turns rates into a decision; one draw an event, so that a seed means the same fates again. */
export const compileEventFaults = (
  plan: EventFaultPlan,
): ((event: SesEvent) => EventFate | undefined) => {
  if (typeof plan === "function") return plan;
  const draw = seededChance(plan.seed);
  return () => {
    let left = draw();
    for (const fate of eventFateNames) {
      left -= plan[fate] ?? 0;
      if (left < 0) return fate;
    }
    return undefined;
  };
};
