import { createHost, type Host } from "../kernel/host.js";
import { backgroundOracle } from "../oracles/background.js";
import { queueWires } from "../ports/queue-client.js";
import { simulatedLambda } from "../scenarios/service.js";
import type { LambdaSettings, ScenarioSettings } from "../scenarios/settings.js";
import { startEventSourceMapping } from "../worlds/event-source-mapping.js";
import { lambdaFunction, type LambdaFunction, type Sandbox } from "../worlds/lambda-function.js";
import type { RunBasis } from "./basis.js";
import { createReplicaHost, type Replicas, type Running } from "./replicas.js";
import { createTold, serviceWires } from "./service-wires.js";
import type { ServiceWorld } from "./service-world.js";

/** The service in the sandboxes of an AWS Lambda function, behind its event source mapping. */
export function startSandboxes(
  basis: RunBasis,
  settings: ScenarioSettings,
  lambda: LambdaSettings,
  world: ServiceWorld,
): Replicas {
  const { kernel, trace, report } = basis;
  const sandboxes = new Map<Host, Sandbox>();
  const told = createTold();
  const target = lambdaFunction({
    ...{ kernel, trace, timeoutMs: lambda.timeoutMs },
    onError: ({ name }, error) => report("no internal error", `${name}: ${String(error)}`),
    onAnswered: ({ name, timers, requests }) => {
      const left = timers - requests;
      if (left > 0) report("no timer left", `${name} has ${left} after its answer`);
    },
    onTimeout: ({ name, pausedUntil }, beganAt) => {
      if (beganAt < settings.calmAt || pausedUntil > beganAt) return;
      report("answers in time", `${name} was killed in what began at ${beganAt} ms`);
    },
  });

  function startSandbox(index: number): void {
    const host = createReplicaHost(basis, settings, index, () => sandbox.onLifeEnd());
    const sandbox = target.addSandbox(host);
    sandboxes.set(host, sandbox);
    const wires = serviceWires(basis, settings, world, { name: host.name, told });
    host.start((life) => {
      const rules = backgroundOracle(() => sandbox.invocations, world.queueRules, report);
      sandbox.ready(life, simulatedLambda(rules.watch(wires.connect(life).parts)));
    });
  }

  for (let index = 0; index < settings.replicas; index += 1) startSandbox(index);
  startMapping(basis, settings, lambda, world, target);
  const consumers = new Map(
    [...sandboxes].map(([host, sandbox]): [Host, Running] => [host, runningIn(sandbox)]),
  );
  return { hosts: [...sandboxes.keys()], consumers, told };
}

function runningIn(sandbox: Sandbox): Running {
  return {
    health: () => ({ inFlight: sandbox.isBusy ? 1 : 0 }),
    stop: () => sandbox.retire(),
  };
}

/** AWS's own process, which can fail as others can. */
function startMapping(
  { kernel, decisions, site, seed }: RunBasis,
  { fifo, visibilityMs }: ScenarioSettings,
  { batchSize, pollers }: LambdaSettings,
  world: ServiceWorld,
  target: LambdaFunction,
): void {
  const host = createHost(kernel, { name: "mapping", seed });
  const wires = queueWires(host.name, world.services.sqs, world.main, decisions);
  const faults = {
    answerLost: site("mapping", "answerLost", 0.1),
    invokedAgain: site("mapping", "invokedAgain", 0.2),
  };
  host.start((life) => {
    startEventSourceMapping({
      ...{ kernel, life, target, fifo, visibilityMs, batchSize, pollers, faults },
      queue: wires.connect(life),
    });
  });
}
