import { judgeRest } from "../oracles/final.js";
import { NO_COUNTS, type RunCounts } from "./counts.js";
import { produce } from "../actors/producer.js";
import type { ScenarioSettings } from "../scenarios/settings.js";
import { scheduleTrouble } from "./trouble.js";
import type { RunBasis } from "./basis.js";
import { startOperator, startReconciler } from "./bystanders.js";
import { startReplicas } from "./replicas.js";
import { runToRest } from "./rest.js";
import { startSandboxes } from "./sandboxes.js";
import { buildServiceWorld } from "./service-world.js";
import { shutDown } from "./shut-down.js";

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
  produce(kernel, decisions, settings, world.main, world.ledger);
  const trouble = scheduleTrouble({ basis, settings, world, replicas });

  const unresolved = await runToRest(basis, settings, world, replicas);
  if (violations.length === 0) {
    await shutDown(basis, replicas, [operator, ...(reconciler ? [reconciler.host] : [])]);
    judgeRest(world.ledger, world.main, unresolved, report);
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
