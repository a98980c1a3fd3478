import { createHost, type Host } from "../kernel/host.js";
import { simulatedService } from "../scenarios/service.js";
import type { ScenarioSettings } from "../scenarios/settings.js";
import type { RunBasis } from "./basis.js";
import { createTold, serviceWires, type Told } from "./service-wires.js";
import type { ServiceWorld } from "./service-world.js";

/** From this part of a drain on what hasn't ended may be given up; sooner where a clock is set ahead. */
const GIVES_UP_AT = 0.9;
const MAX_CORRECTION_MS = 2_000;

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
  const { kernel, report } = basis;
  const consumers = new Map<Host, Running>();
  const told = createTold();

  function startReplica(index: number): Host {
    const host = createReplicaHost(basis, settings, index);
    const wires = serviceWires(basis, settings, world, {
      ...{ name: host.name, told },
      onAsked: (start) => {
        // Whom both clocks told that no time passed believes what it knew; the store doesn't.
        if (host.sawNoTimePass) return;
        world.queueRules.onAsked(start);
        world.claimRules.onAsked(start);
      },
      onExtendedAfterLoss: (handle) => {
        report("a lost delivery is let go", `${handle} was extended after it was lost`);
      },
    });
    host.start((life) => {
      const { parts, conduct } = wires.connect(life);
      const consumer = simulatedService(parts);
      consumers.set(host, {
        health: consumer.health,
        stop: async (options) => {
          conduct.onStopping(kernel.now + options.deadlineMs * GIVES_UP_AT - MAX_CORRECTION_MS);
          await consumer.stop(options);
          conduct.onStopped();
        },
      });
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
