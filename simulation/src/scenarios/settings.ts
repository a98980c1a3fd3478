import type { Decisions } from "../kernel/decisions.js";

/** What a run is made of. All times in ms of virtual time. */
export interface ScenarioSettings {
  readonly fifo: boolean;
  readonly replicas: number;
  readonly messages: number;
  readonly groups: number;
  readonly concurrency: number;
  /** Share of events that are not plain. */
  readonly oddShare: number;
  readonly visibilityMs: number;
  readonly holdForMs: number;
  readonly maxProcessingMs: number;
  readonly maxReceiveCount: number;
  /** Events come within this time. */
  readonly productionMs: number;
  /** How long an outage, a partition or an operator's pause lasts at most. */
  readonly maxOutageMs: number;
  /** Faults end here. */
  readonly calmAt: number;
  /** From there, everything must have come to rest within this time. */
  readonly restWithinMs: number;
  readonly operatorEveryMs: number;
  readonly reconciler: boolean;
  readonly redrive: boolean;
  readonly skewMs: number;
  readonly drift: number;
}

/** How long SES takes a signature for fresh, ms: a fortieth of the real thing, as all is here. */
export const SIGNATURE_MS = 15_000;
/** What the sender declares: the signature's life and the clocks' skew. */
export const VALIDITY_MS = 30_000;
export const ATTEMPT_TIMEOUT_MS = 6_000;
const MAX_SKEW_MS = 5_000;

const COMMON = {
  visibilityMs: 20_000,
  holdForMs: 180_000,
  maxProcessingMs: 60_000,
  productionMs: 10_000,
  maxOutageMs: 45_000,
  calmAt: 90_000,
  restWithinMs: 20 * 60_000,
} as const;

export const SCENARIOS = ["small", "standard", "crowded"] as const;
export type ScenarioName = (typeof SCENARIOS)[number];

export function scenarioSettings(name: ScenarioName, decisions: Decisions): ScenarioSettings {
  const { pick, property } = decisions;
  const mixed = {
    ...COMMON,
    fifo: property("fifo") < 0.6,
    maxReceiveCount: pick("maxReceiveCount", [4, 6, 10]),
    reconciler: property("reconciler") < 0.7,
    operatorEveryMs: pick("operatorEveryMs", [2_000, 6_000, 15_000]),
    redrive: property("redrive") < 0.5,
    skewMs: (property("skew") - 0.5) * 2 * MAX_SKEW_MS,
    drift: (property("drift") - 0.5) * 0.002,
  };
  switch (name) {
    case "small":
      return {
        ...mixed,
        replicas: pick("replicas", [1, 1, 2]),
        messages: pick("messages", [1, 2, 3]),
        productionMs: 3_000,
        visibilityMs: 12_000,
        maxOutageMs: 15_000,
        groups: 1,
        concurrency: pick("concurrency", [1, 2, 10]),
        oddShare: 0.2,
      };
    case "standard":
      return {
        ...mixed,
        replicas: pick("replicas", [1, 2, 3]),
        messages: pick("messages", [3, 5, 8]),
        groups: pick("groups", [1, 2, 3]),
        concurrency: pick("concurrency", [1, 3, 10]),
        oddShare: 0.6,
      };
    case "crowded":
      return {
        ...mixed,
        replicas: pick("replicas", [2, 3]),
        messages: pick("messages", [15, 30]),
        groups: pick("groups", [3, 6]),
        concurrency: pick("concurrency", [2, 5, 10]),
        oddShare: 0.3,
      };
  }
}
