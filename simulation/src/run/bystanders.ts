import { createHost, type Host } from "../kernel/host.js";
import { judgeOrphan } from "../oracles/final.js";
import { backlogWires } from "../ports/backlog.js";
import { progressWires } from "../ports/progress.js";
import { queueWires } from "../ports/queue-client.js";
import { operatorLoop, WHO } from "../actors/operator.js";
import { startEvidence } from "../actors/evidence.js";
import type { ScenarioSettings } from "../scenarios/settings.js";
import type { RunBasis } from "./basis.js";
import { connectedStore } from "./connected-store.js";
import type { Replicas } from "./replicas.js";
import type { ServiceWorld } from "./service-world.js";

/** So long after it woke up a process has told the store what it knows, ms. */
const SETTLED_MS = 10_000;

/** Longer than an attempt stays open: a late copy of a verdict meets the next attempt. */
const VERDICTS_WAY = { rate: 0.25, maxDelayMs: 150_000 };
const EVENTS_WAY = { rate: 0.1, maxDelayMs: 60_000 };

/** A process with an operator in front of it, who looks at what is unresolved. */
export function startOperator(
  basis: RunBasis,
  settings: ScenarioSettings,
  world: ServiceWorld,
  { hosts }: Replicas,
): Host {
  const { kernel, network, report, seed } = basis;
  const host = createHost(kernel, { name: "operator", seed });
  const store = connectedStore("operator", world.sideService("operatorStore", VERDICTS_WAY), world);

  /** The process lives on, and nothing kept it from giving up what it had asked for. */
  const couldGiveUp = (owner: string): boolean =>
    hosts.some(
      ({ name, up, incarnation, pausedUntil }) =>
        up &&
        owner.startsWith(`${name}${incarnation}x`) &&
        (pausedUntil === 0 || pausedUntil < kernel.now - SETTLED_MS) &&
        !network.wasCut(name, "store"),
    );

  host.start((life) => {
    const onNotSent = (attemptId: string): void => {
      judgeOrphan(attemptId, world.ledger, couldGiveUp, report);
    };
    const onHasty = (attemptId: string): void => {
      void world.store.execute("resolve", [attemptId, "not-sent", WHO]);
    };
    const { operatorEveryMs } = settings;
    void operatorLoop(life, store.connect(life), world.ses, operatorEveryMs, onNotSent, onHasty);
  });
  return host;
}

/** A process that settles attempts by SES's events, and where told so by SES's silence. */
export function startReconciler(
  basis: RunBasis,
  settings: ScenarioSettings,
  world: ServiceWorld,
): { readonly host: Host; readonly told: { readonly verdicts: number } } {
  const { kernel, decisions, report, seed } = basis;
  const { skewMs, silence } = settings;
  const told = { verdicts: 0 };
  const host = createHost(kernel, { name: "reconciler", seed, skewMs: -skewMs });
  const side = world.sideService("reconcilerStore", EVENTS_WAY);
  const store = connectedStore("reconciler", side, world);
  const queue = queueWires(
    "reconciler",
    world.sideService("noticesSqs", EVENTS_WAY),
    world.notices,
    decisions,
  );
  const progress = progressWires("reconciler", side);
  const backlog = backlogWires(
    "reconciler",
    world.sideService("backlog", EVENTS_WAY),
    basis,
    world,
  );
  host.start((life) => {
    startEvidence({
      life,
      queue: queue.connect(life),
      store: store.connect(life),
      progress: progress.connect(life),
      backlog: backlog.connect(life),
      ...(silence === undefined ? {} : { silence }),
      onVerdict: () => (told.verdicts += 1),
      report,
    });
  });
  return { host, told };
}
