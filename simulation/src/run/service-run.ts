import { checkHistory } from "../checker/check.js";
import { judgeRest } from "../oracles/final.js";
import type { ProducedMessage } from "../oracles/ledger.js";
import { NO_COUNTS, type RunCounts } from "./counts.js";
import { produce } from "../actors/producer.js";
import { ATTEMPT_TIMEOUT_MS, type ScenarioSettings } from "../scenarios/settings.js";
import { scheduleTrouble } from "./trouble.js";
import type { RunBasis } from "./basis.js";
import { startOperator, startReconciler } from "./bystanders.js";
import { startReplicas } from "./replicas.js";
import { runToRest } from "./rest.js";
import { startSandboxes } from "./sandboxes.js";
import { buildServiceWorld, type ServiceWorld } from "./service-world.js";
import { shutDown } from "./shut-down.js";

/** A pause is read once a second. */
const READ_EVERY_MS = 1_500;

/** One run of the notification service: events come, things go wrong, everything comes to rest. */
export async function runService(basis: RunBasis, settings: ScenarioSettings): Promise<RunCounts> {
  const { kernel, decisions, violations, report } = basis;
  const world = buildServiceWorld(basis, settings);
  const { lambda } = settings;
  const replicas = lambda
    ? startSandboxes(basis, settings, lambda, world)
    : startReplicas(basis, settings, world);
  const operator = startOperator(basis, settings, world, replicas);
  const reconciler = settings.reconciler ? startReconciler(basis, settings, world) : undefined;
  produce(
    kernel,
    decisions,
    settings,
    world.main,
    world.ledger,
    laterRecords(basis, settings, world),
  );
  const trouble = scheduleTrouble({ basis, settings, world, replicas });

  const unresolved = await runToRest(basis, settings, world, replicas);
  if (violations.length === 0) {
    await shutDown(basis, replicas, [operator, ...(reconciler ? [reconciler.host] : [])]);
    judgeRest(world.ledger, world.main, unresolved, report);
    for (const { attempt } of unresolved) {
      basis.history.add({ type: "unresolved", attempt: attempt.attemptId });
    }
    basis.history.add({ type: "end" });
    if (violations.length === 0) askChecker(basis, settings, world);
  }
  return {
    ...NO_COUNTS,
    ...replicas.told,
    messages: world.ledger.produced.size,
    emails: world.ses.accepted.length,
    deadLettered: world.ledger.copied.size,
    verdicts: reconciler?.told.verdicts ?? 0,
    failovers: trouble.failovers,
  };
}

/** A later release has written the record of a message, which this one can't read until it is deployed. */
function laterRecords(
  { kernel, site }: RunBasis,
  { calmAt, maxOutageMs, failover, quiet }: ScenarioSettings,
  { store, ledger }: ServiceWorld,
): (message: ProducedMessage) => void {
  const later = site("store", "unreadable", 0.2);
  return ({ key }) => {
    // What a failover loses is replayed, and nobody knows by what release.
    const forMs = later.next() * maxOutageMs;
    if (forMs === 0 || failover || quiet || key === undefined) return;
    const isNew = [...ledger.produced.values()].every((known) => known.key !== key);
    if (isNew) store.makeUnreadable(key, Math.min(calmAt, kernel.now + forMs));
  };
}

/** Judges the same run once more, by what could be seen from outside alone. */
function askChecker(
  { history, report }: RunBasis,
  { lambda }: ScenarioSettings,
  { ledger, services }: ServiceWorld,
): void {
  const { store, ses } = services;
  // Begun just before it was read, late to be signed, and late on its way.
  const begunMs = lambda?.timeoutMs ?? READ_EVERY_MS + store.timeoutMs;
  const pauseMs = begunMs + ATTEMPT_TIMEOUT_MS + ses.maxDelayMs * 2;
  for (const { promise, text } of checkHistory(history.read(ledger), { pauseMs })) {
    report(`seen from outside: ${promise}`, text);
  }
}
