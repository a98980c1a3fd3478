import type { Consumer, ConsumerEvent } from "@exactly-once/core";
import { createHost, type Host } from "../kernel/host.js";
import { mailWires } from "../ports/mailer.js";
import { queueWires } from "../ports/queue-client.js";
import { storeWires } from "../ports/store-client.js";
import { simulatedService } from "../scenarios/service.js";
import { ATTEMPT_TIMEOUT_MS, VALIDITY_MS, type ScenarioSettings } from "../scenarios/settings.js";
import type { RunBasis } from "./basis.js";
import type { ServiceWorld } from "./service-world.js";

/** The service's own processes. */
export interface Replicas {
  readonly hosts: readonly Host[];
  /** The consumer of each host's present life. */
  readonly consumers: ReadonlyMap<Host, Consumer>;
  readonly told: { readonly held: number; readonly suppressed: number };
}

export function startReplicas(
  basis: RunBasis,
  settings: ScenarioSettings,
  world: ServiceWorld,
): Replicas {
  const { kernel, trace, report, network, decisions } = basis;
  const consumers = new Map<Host, Consumer>();
  const told = { held: 0, suppressed: 0 };

  function observe(name: string, event: ConsumerEvent): void {
    if (event.type === "held") told.held += 1;
    else if (event.type === "sendSuppressed" || event.type === "duplicateSuppressed") {
      told.suppressed += 1;
    } else if (event.type === "internalError") report("no internal error", String(event.error));
    if (basis.story) trace.add(kernel.now, name, `* ${tellEvent(event)}`);
  }

  function startReplica(index: number): Host {
    const name = "abc".charAt(index);
    // Every other clock is wrong the other way.
    const side = index % 2 === 0 ? 1 : -1;
    const host = createHost(kernel, {
      ...{ name, seed: basis.seed },
      skewMs: settings.skewMs * side,
      drift: settings.drift * side,
    });
    const { services } = world;
    const store = storeWires(name, services.store, world.store, {
      onGranted: (id) => world.ledger.heard.add(id),
      onAsked: world.queueRules.onAsked,
    });
    const queue = queueWires(name, services.sqs, world.main, decisions, (handle) => {
      report("a lost delivery is let go", `${handle} was extended after it was lost`);
    });
    const mailer = mailWires(name, services.ses, world.ses, {
      attemptTimeoutMs: ATTEMPT_TIMEOUT_MS,
      validityMs: VALIDITY_MS,
      pausePoint: network.pausePoint(name, "beforeSigning"),
    });
    const directory = services.directory.wire(name, "lookUp");
    host.start((life) => {
      const consumer = simulatedService({
        ...settings,
        life,
        queue: queue.connect(life),
        store: store.connect(life),
        mailer: mailer.connect(life),
        directory,
        observe: (event) => observe(name, event),
      });
      consumers.set(host, consumer);
      consumer.start().catch((error: unknown) => report("starts", String(error)));
    });
    return host;
  }

  const hosts = Array.from({ length: settings.replicas }, (_, index) => startReplica(index));
  return { hosts, consumers, told };
}

function tellEvent(event: { readonly type: string }): string {
  const told = Object.entries(event).filter(
    ([name, value]) =>
      name !== "at" && name !== "type" && ["string", "number"].includes(typeof value),
  );
  return `${event.type} ${told.map(([name, value]) => `${name}=${String(value)}`).join(" ")}`;
}
