import type { Consumer } from "@exactly-once/core";
import type { Decisions } from "../kernel/decisions.js";
import type { Host } from "../kernel/host.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Network } from "../kernel/network.js";
import type { Trace } from "../kernel/trace.js";
import type { StoreWorld } from "../worlds/store.js";
import { NAMESPACE } from "./events.js";
import type { ScenarioSettings } from "./settings.js";

export interface TroubleOptions {
  readonly kernel: Kernel;
  readonly decisions: Decisions;
  readonly network: Network;
  readonly trace: Trace;
  readonly settings: ScenarioSettings;
  readonly hosts: readonly Host[];
  readonly consumers: ReadonlyMap<Host, Consumer>;
  readonly store: StoreWorld;
}

const OPERATOR = { by: "operator", why: "an incident" };

/** Troubles that aren't about one call: outages, partitions, deployments, an operator's pause. */
export function scheduleTrouble(options: TroubleOptions): void {
  const { kernel, decisions, network, trace, settings, hosts, consumers, store } = options;
  const { calmAt, productionMs, maxOutageMs } = settings;

  /** When and how long, if it happens in this run. */
  function occasion(place: string, fault: string): { from: number; ms: number } | undefined {
    const magnitude = decisions.site(place, fault, `${place}.${fault}`, 0.8).next();
    if (magnitude === 0) return undefined;
    const from = decisions.property(`when ${place}.${fault}`) * productionMs * 2;
    return { from, ms: magnitude * maxOutageMs };
  }

  for (const service of ["store", "sqs", "ses", "directory"]) {
    const outage = occasion(service, "outage");
    if (outage) network.takeDown(service, outage.from, Math.min(calmAt, outage.from + outage.ms));
    for (const { name } of hosts) {
      const cut = occasion(`${name}.${service}`, "cut");
      if (cut) network.cut(name, service, cut.from, Math.min(calmAt, cut.from + cut.ms));
    }
  }

  for (const host of hosts) {
    const deployment = occasion(host.name, "deployment");
    if (deployment) kernel.schedule(deployment.from, () => deploy(host, deployment.ms));
    const correction = occasion(host.name, "clockCorrection");
    if (correction) {
      const ms = (decisions.property(`which way ${host.name}`) - 0.5) * 4_000;
      kernel.schedule(correction.from, () => host.jumpWall(ms));
    }
  }

  const pause = occasion("operator", "pause");
  if (pause) {
    kernel.schedule(pause.from, () => void store.control.pause(NAMESPACE, undefined, OPERATOR));
    const until = Math.min(calmAt, pause.from + pause.ms);
    kernel.schedule(until, () => void store.control.resume(NAMESPACE, undefined));
  }

  /** Drains the process, as on SIGTERM, and starts it anew. */
  function deploy(host: Host, ms: number): void {
    const consumer = consumers.get(host);
    if (!host.up || !consumer) return;
    const { incarnation } = host;
    trace.add(kernel.now, host.name, "is told to stop");
    void consumer.stop({ deadlineMs: 5_000 + ms / 4 }).then(() => {
      if (host.incarnation === incarnation) host.crash(500);
    });
  }
}
