import type { UnknownPolicy } from "@exactly-once/core";
import type { Decisions } from "../kernel/decisions.js";
import type { CasSettings } from "../worlds/cas-store.js";
import { variationOf, type Variation } from "./variation.js";

/** How silence is judged, ms; as all times here about a fortieth of the real ones. */
export interface SilenceSettings {
  readonly intervalMs: number;
  readonly settleMs: number;
  readonly quietMs: number;
  readonly clockSlackMs: number;
}

/** What a service's own observer does beside reading. */
export type ObserverHabit = "none" | "throws" | "rejects";

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
  /** How long a slow handler takes. */
  readonly slowMs: number;
  /** Every handler takes up to so long before it sends; by then its leases were extended. */
  readonly thinkMs: number;
  readonly observer: ObserverHabit;
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
  /** Whether somebody reads SES's events. */
  readonly reconciler: boolean;
  readonly onUnknown: UnknownPolicy;
  /** How SES's silence is judged; absent: not at all. */
  readonly silence?: SilenceSettings;
  /** How late an event of SES may come. */
  readonly maxEventDelayMs: number;
  /** Share of mails whose event SES loses, in runs where it loses any. */
  readonly eventLossRate: number;
  /** Receives after which an event of SES is dead-lettered. */
  readonly maxNoticeReceives: number;
  /** How long SES may publish no events at all. */
  readonly maxStallMs: number;
  /** One way to the directory and back is twice this, ms. */
  readonly directoryMs: number;
  /** Whether the store may lose its last writes in a failover. */
  readonly failover: boolean;
  /** Runs behind an event source mapping, in as many sandboxes as there are replicas. */
  readonly lambda?: LambdaSettings;
  /** Events of a second pipeline come through the same queue, and are sent by another provider. */
  readonly twoPipelines: boolean;
  /** Of a pipeline's messages so many wait in place. */
  readonly maxHeld: number;
  /** Nothing happens to any call: what goes wrong is one pipeline's own. */
  readonly quiet: boolean;
  /** Absent: the store decides by itself. */
  readonly cas?: CasSettings;
  /** Absent: the plain service. */
  readonly variation?: Variation;
  readonly redrive: boolean;
  readonly skewMs: number;
  readonly drift: number;
}

export interface LambdaSettings {
  readonly timeoutMs: number;
  readonly batchSize: number;
  /** Batches that the mapping has in hand at a time. */
  readonly pollers: number;
}

/** How long SES takes a signature for fresh, ms: a fortieth of the real thing, as all is here. */
export const SIGNATURE_MS = 15_000;
/** What the sender declares: the signature's life and the clocks' skew. */
export const VALIDITY_MS = 30_000;
export const ATTEMPT_TIMEOUT_MS = 6_000;
const MAX_SKEW_MS = 5_000;
/** Two clocks that are wrong opposite ways, corrected wrongly, and set back by three pauses. */
const MAX_CAS_SKEW_MS = 2 * (MAX_SKEW_MS + 2_000) + 3 * 70_000;

const COMMON = {
  visibilityMs: 20_000,
  slowMs: 30_000,
  holdForMs: 180_000,
  maxProcessingMs: 60_000,
  productionMs: 10_000,
  maxOutageMs: 45_000,
  calmAt: 90_000,
  restWithinMs: 20 * 60_000,
  onUnknown: "hold",
  maxEventDelayMs: 60_000,
  eventLossRate: 0.5,
  maxNoticeReceives: 10,
  maxStallMs: 0,
  directoryMs: 20,
  failover: false,
  twoPipelines: false,
  maxHeld: 1_000,
  quiet: false,
} as const;

/**
 * `small` to `crowded` are the service in three sizes. `evidence` adds verdicts from SES's silence,
 * `failover` a store that loses its last writes. `lambda` is the service in an AWS Lambda function,
 * `pipelines` has one pipeline in trouble and another that is well, `users` the user cache by itself,
 * `cas` the service on a database that compares and sets.
 */
export const SCENARIOS = [
  "small",
  "standard",
  "varied",
  "crowded",
  "evidence",
  "failover",
  "lambda",
  "pipelines",
  "users",
  "cas",
] as const;
export type ScenarioName = (typeof SCENARIOS)[number];

export function scenarioSettings(
  name: Exclude<ScenarioName, "users">,
  decisions: Decisions,
): ScenarioSettings {
  const { pick, property } = decisions;
  const mixed = {
    ...COMMON,
    fifo: property("fifo") < 0.6,
    maxReceiveCount: pick("maxReceiveCount", [4, 6, 10]),
    reconciler: property("reconciler") < 0.7,
    operatorEveryMs: pick("operatorEveryMs", [2_000, 6_000, 15_000]),
    observer: pick<ObserverHabit>("observer", ["none", "none", "throws", "rejects"]),
    thinkMs: pick("thinkMs", [0, 0, 0, 25_000]),
    redrive: property("redrive") < 0.5,
    skewMs: (property("skew") - 0.5) * 2 * MAX_SKEW_MS,
    drift: (property("drift") - 0.5) * 0.002,
  };
  const standard = {
    ...mixed,
    replicas: pick("replicas", [1, 2, 3]),
    messages: pick("messages", [3, 5, 8]),
    groups: pick("groups", [1, 2, 3]),
    concurrency: pick("concurrency", [1, 3, 10]),
    oddShare: 0.6,
  };
  switch (name) {
    case "small":
      return {
        ...mixed,
        replicas: pick("replicas", [1, 1, 2]),
        messages: pick("messages", [1, 2, 3]),
        productionMs: 3_000,
        visibilityMs: 12_000,
        slowMs: 18_000,
        maxOutageMs: 15_000,
        // Three messages are through in seconds; what would come later is mostly idle waiting.
        calmAt: 40_000,
        groups: 1,
        concurrency: pick("concurrency", [1, 2, 10]),
        oddShare: 0.2,
        reconciler: false,
      };
    case "failover":
      return {
        ...standard,
        // What a standard queue delivers twice meets a record that has forgotten it.
        fifo: property("fifo") < 0.3,
        replicas: pick("replicas", [2, 3]),
        messages: pick("messages", [5, 8, 12]),
        // Handlers that take their time are still at work when the store forgets their claims.
        directoryMs: 900,
        failover: true,
      };
    case "evidence":
      return {
        ...standard,
        onUnknown: "reconcile",
        reconciler: true,
        // Silence only means something while later mails are sent.
        messages: pick("messages", [6, 10]),
        groups: 5,
        oddShare: 0.1,
        productionMs: 200_000,
        calmAt: 240_000,
        holdForMs: 900_000,
        operatorEveryMs: pick("operatorEveryMs", [120_000, 300_000]),
        maxNoticeReceives: pick("maxNoticeReceives", [3, 10]),
        maxEventDelayMs: 20_000,
        eventLossRate: 0.1,
        maxStallMs: 180_000,
        silence: { intervalMs: 5_000, settleMs: 12_000, quietMs: 40_000, clockSlackMs: 15_000 },
      };
    case "pipelines":
      return {
        ...standard,
        // No group is shared, and nothing arrives late.
        ...{ fifo: true, groups: 1_000, quiet: true, twoPipelines: true, oddShare: 0 },
        ...{ replicas: 1, messages: 24, concurrency: pick("concurrency", [1, 2]), thinkMs: 0 },
        maxHeld: pick("maxHeld", [1, 3]),
        maxReceiveCount: 10,
        ...{ productionMs: 60_000, maxOutageMs: 120_000, calmAt: 240_000 },
        // What has no room to wait in place is hidden for up to a quarter of an hour.
        restWithinMs: 2 * 3_600_000,
      };
    case "lambda":
      return lambdaSettings(standard, decisions);
    case "standard":
      return standard;
    case "cas":
      return {
        ...standard,
        replicas: pick("replicas", [2, 3]),
        cas: { clockOf: pick("casClock", ["caller", "store"]), maxSkewMs: MAX_CAS_SKEW_MS },
        holdForMs: 600_000,
        restWithinMs: 40 * 60_000,
      };
    case "varied":
      return {
        ...standard,
        variation: variationOf(decisions),
        onUnknown: pick("onUnknown", ["hold", "hold", "resend"] as const),
        // Sometimes nobody comes before a hold has lasted too long.
        operatorEveryMs: pick("operatorEveryMs", [2_000, 15_000, 400_000]),
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

/** Some batches don't fit into the shorter one. */
const FUNCTION_TIMEOUTS_MS = [6_000, 20_000] as const;

function lambdaSettings(standard: ScenarioSettings, decisions: Decisions): ScenarioSettings {
  const { pick, property } = decisions;
  const timeoutMs = pick("functionTimeout", FUNCTION_TIMEOUTS_MS);
  return {
    ...standard,
    // AWS takes no shorter one than the function's timeout, and advises six times as much.
    visibilityMs: timeoutMs * pick("visibility", [1, 2, 6]),
    // One fits into an invocation, two don't.
    slowMs: 0.6 * timeoutMs,
    thinkMs: standard.thinkMs > 0 ? 0.6 * timeoutMs : 0,
    directoryMs: pick("directoryMs", [20, 900]),
    ...(property("varied") < 0.5 ? { variation: variationOf(decisions) } : {}),
    // Events that come at once make full batches.
    messages: pick("messages", [3, 8, 12]),
    productionMs: pick("productionMs", [300, 10_000]),
    // A sandbox can't stop receiving: in an outage messages are hidden for up to an hour.
    restWithinMs: 12 * 3_600_000,
    lambda: {
      timeoutMs,
      batchSize: pick("batchSize", [1, 3, 10]),
      pollers: pick("pollers", [1, 2, 5]),
    },
  };
}
