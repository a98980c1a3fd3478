import { createDecisions, type Decisions, type Site } from "../kernel/decisions.js";
import { createKernel, type Kernel } from "../kernel/kernel.js";
import { createNetwork, type Network } from "../kernel/network.js";
import { createTrace, type Trace } from "../kernel/trace.js";
import type { Report, Violation } from "../oracles/violations.js";
import { createHistory, type HistoryRecorder } from "./history.js";
import type { ScenarioName } from "../scenarios/settings.js";

export interface ScheduleOptions {
  readonly seed: number;
  readonly scenario: ScenarioName;
  /** Only these faults happen. */
  readonly only?: ReadonlySet<string>;
  readonly story?: boolean;
}

/** What every run stands on, whatever it is about: time, chance, calls, and what it finds. */
export interface RunBasis {
  readonly seed: number;
  readonly kernel: Kernel;
  readonly decisions: Decisions;
  readonly trace: Trace;
  readonly network: Network;
  readonly violations: readonly Violation[];
  readonly report: Report;
  /** What could be seen from outside. */
  readonly history: HistoryRecorder;
  /** Whether happenings are to be told in words. */
  readonly story: boolean;
  /** A fault whose kind is named as its place is. */
  site(place: string, fault: string, rate: number): Site;
  /** Goes on until `until`, or until a promise is broken or `stop` says so. */
  run(until: number, stop?: () => boolean): Promise<"stopped" | "until" | "idle" | "exhausted">;
}

/** A run that needs more events than this doesn't come to rest. */
const MAX_EVENTS = 300_000;

/** Faults that a scenario is about happen in each of its runs. */
const ALWAYS: Partial<Record<ScenarioName, readonly string[]>> = {
  evidence: ["ses.replyLost", "notices.lateArrival"],
  failover: ["store.failover", "sqs.doubleDelivery", "directory.replyLate"],
};

export function createBasis({ seed, scenario, only, story = false }: ScheduleOptions): RunBasis {
  const kernel = createKernel((name) => {
    if (violations.length === 0) report("comes to rest", `${name} never turns its event loop`);
  });
  const decisions = createDecisions({
    seed,
    ...(only === undefined ? {} : { only }),
    always: ALWAYS[scenario] ?? [],
  });
  const trace = createTrace({ story });
  const violations: Violation[] = [];
  const history = createHistory(() => kernel.now);
  const network = createNetwork({
    kernel,
    decisions,
    trace,
    maxCrashes: 3,
    maxPauses: 3,
    maxPauseMs: 70_000,
    restartMs: 10_000,
    onPause: (process, until) => history.add({ type: "stoodStill", process, until }),
  });
  const report: Report = (oracle, text) => {
    violations.push({ oracle, at: kernel.now, text });
    trace.add(kernel.now, "VIOLATION", `${oracle}: ${text}`);
  };
  return {
    seed,
    kernel,
    decisions,
    trace,
    network,
    violations,
    history,
    story,
    report,
    site: (place, fault, rate) => decisions.site(place, fault, `${place}.${fault}`, rate),
    run: async (until, stop) => {
      const ended = await kernel.run({
        until,
        maxEvents: MAX_EVENTS,
        stop: () => violations.length > 0 || stop?.() === true,
      });
      if (ended === "exhausted") report("comes to rest", `not after ${MAX_EVENTS} events`);
      return ended;
    },
  };
}
