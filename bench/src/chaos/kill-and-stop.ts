import { setTimeout as sleep } from "node:timers/promises";
import { endChild } from "./child.js";
import { atRest } from "./at-rest.js";
import { causesOf, type Causes } from "./causes.js";
import { figures, listUnresolved, type Count } from "./count.js";
import type { Anomaly } from "./evidence.js";
import { resolveAll, type Verdicts } from "./operator.js";
import { startStack, type Replica, type Stack } from "./stack.js";
import type { StoreKind } from "./store-server.js";
import { readTraces } from "./trace.js";

export interface ChaosOptions {
  readonly events: number;
  readonly replicas: number;
  readonly storeKind: StoreKind;
  readonly storeRestarts: number;
}

export interface ChaosResult extends Count {
  readonly events: number;
  /** Of the unresolved. */
  readonly causes: Causes;
  /** Events neither accepted nor listed at the first look after the last kill. */
  readonly underWayAtFirst: number;
  /** After an operator resolved all that was listed. */
  readonly resolved: Count & Verdicts & { readonly leftOnQueues: number };
  /** Each event that was anything else than sent once or listed, and what it was judged to be. */
  readonly anomalies: readonly Anomaly[];
  readonly kills: number;
  readonly stops: number;
  readonly storeRestarts: number;
  readonly deadLettered: number;
  readonly maxReceives: number;
  readonly seconds: number;
}

const VISIBILITY_MS = 5_000;
/** Longer than any lease. */
const STOPPED_MS = { least: 6_000, most: 10_000 };
const STORE_DOWN_MS = { least: 1_000, most: 4_000 };
const RESOLVED_WITHIN_MS = 2 * 60_000;

/**
 * Replicas are killed and stopped at random, and the store is killed and started, while events are
 * handled. After all is quiet it is counted what became of them; then an operator resolves what is
 * listed, and it is counted again.
 */
export async function killAndStop(options: ChaosOptions): Promise<ChaosResult> {
  const { events } = options;
  const began = Date.now();
  const stack = await startStack({
    storeKind: options.storeKind,
    visibilityMs: VISIBILITY_MS,
    sesDelayMs: 200,
  });
  try {
    await stack.publish(events);
    const fleet = await startFleet(stack, options.replicas);
    const storeRestarts = await restartStore(stack, options);
    await fleet.calm();
    const rest = await atRest(stack, events, "after the last kill");
    const listed = await listUnresolved(stack.store);
    const causes = causesOf(listed, await readTraces(stack.traceFolder), stack.ses);
    const seconds = Math.round((Date.now() - began) / 1_000);
    const verdicts = await resolveAll(stack, RESOLVED_WITHIN_MS);
    const end = await atRest(stack, events, "after the verdicts");
    const { size: leftOnQueues } = await stack.whereabouts();
    return {
      events,
      ...figures(rest.counted),
      causes,
      underWayAtFirst: rest.underWay.length,
      resolved: { ...verdicts, ...figures(end.counted), leftOnQueues },
      anomalies: [...rest.anomalies, ...end.anomalies],
      kills: fleet.kills,
      stops: fleet.stops,
      storeRestarts,
      deadLettered: await stack.deadLetters(),
      maxReceives: Math.max(0, ...stack.receives.values()),
      seconds,
    };
  } finally {
    await stack.stop();
  }
}

interface Fleet {
  readonly kills: number;
  readonly stops: number;
  /** Ends the violence and waits until every replica runs. */
  calm(): Promise<void>;
}

async function startFleet(stack: Stack, size: number): Promise<Fleet> {
  const tally = { kills: 0, stops: 0 };
  let over = false;

  async function torment(first: Replica): Promise<void> {
    let replica = first;
    while (!over) {
      await sleep(between({ least: 1_000, most: 6_000 }));
      if (over) return;
      if (Math.random() < 0.5) {
        tally.kills += 1;
        stack.note(replica.name, "SIGKILL");
        await endChild(replica.process);
        replica = await stack.startReplica();
      } else {
        tally.stops += 1;
        stack.note(replica.name, "SIGSTOP");
        replica.process.kill("SIGSTOP");
        await sleep(between(STOPPED_MS));
        stack.note(replica.name, "SIGCONT");
        replica.process.kill("SIGCONT");
      }
    }
  }

  const replicas = await Promise.all(Array.from({ length: size }, () => stack.startReplica()));
  const torments = replicas.map(torment);
  return {
    get kills() {
      return tally.kills;
    },
    get stops() {
      return tally.stops;
    },
    calm: async () => {
      over = true;
      await Promise.all(torments);
    },
  };
}

/** Spread over the work: each time another share of the events is done. */
async function restartStore(stack: Stack, options: ChaosOptions): Promise<number> {
  const { events, storeRestarts } = options;
  for (let restart = 1; restart <= storeRestarts; restart += 1) {
    await untilAccepted(stack, (events * restart) / (storeRestarts + 1));
    stack.note("store", "SIGKILL");
    await stack.server.kill();
    await sleep(between(STORE_DOWN_MS));
    await stack.server.start();
    stack.note("store", "started");
  }
  await untilAccepted(stack, events * 0.9);
  return storeRestarts;
}

/** Or until nothing has been accepted for a while: what is left may all be unresolved. */
async function untilAccepted(stack: Stack, emails: number): Promise<void> {
  let last = -1;
  let idleSince = Date.now();
  while (stack.ses.accepted() < emails && Date.now() - idleSince < 60_000) {
    if (stack.ses.accepted() !== last) idleSince = Date.now();
    last = stack.ses.accepted();
    await sleep(100);
  }
}

function between({ least, most }: { readonly least: number; readonly most: number }): number {
  return least + Math.random() * (most - least);
}
