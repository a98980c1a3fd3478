import type { Consumer } from "@exactly-once/core";
import { createHost, type Host } from "../kernel/host.js";
import { simulatedService } from "../scenarios/service.js";
import type { ScenarioSettings } from "../scenarios/settings.js";
import type { RunBasis } from "./basis.js";
import { createTold, serviceWires, type Told } from "./service-wires.js";
import type { ServiceWorld } from "./service-world.js";

/** The service's own processes. */
export interface Replicas {
  readonly hosts: readonly Host[];
  /** What runs in each host's present life. */
  readonly consumers: ReadonlyMap<Host, Running>;
  readonly told: Told;
}

/** What a run wants of a consumer, or of what stands for one. */
export interface Running {
  stop(options: { readonly deadlineMs: number }): Promise<void>;
  health(): { readonly inFlight: number };
}

export function startReplicas(
  basis: RunBasis,
  settings: ScenarioSettings,
  world: ServiceWorld,
): Replicas {
  const { report } = basis;
  const consumers = new Map<Host, Consumer>();
  const told = createTold();

  function startReplica(index: number): Host {
    const host = createReplicaHost(basis, settings, index);
    const wires = serviceWires(basis, settings, world, {
      ...{ name: host.name, told },
      onAsked: world.queueRules.onAsked,
      onExtendedAfterLoss: (handle) => {
        report("a lost delivery is let go", `${handle} was extended after it was lost`);
      },
    });
    host.start((life) => {
      const consumer = simulatedService(wires.connect(life));
      consumers.set(host, consumer);
      consumer.start().catch((error: unknown) => report("starts", String(error)));
    });
    return host;
  }

  const hosts = Array.from({ length: settings.replicas }, (_, index) => startReplica(index));
  return { hosts, consumers, told };
}

/** Every other replica's clock is wrong the other way. */
export function createReplicaHost(
  { kernel, seed }: RunBasis,
  { skewMs, drift }: ScenarioSettings,
  index: number,
  onLifeEnd: () => void = () => undefined,
): Host {
  const side = index % 2 === 0 ? 1 : -1;
  const name = "abc".charAt(index);
  return createHost(kernel, { name, seed, skewMs: skewMs * side, drift: drift * side, onLifeEnd });
}
