import type { Host } from "../kernel/host.js";
import type { RunBasis } from "./basis.js";
import type { Replicas } from "./replicas.js";
import type { ServiceWorld } from "./service-world.js";
import { NAMESPACE, PIPELINE } from "../scenarios/events.js";
import type { ScenarioSettings } from "../scenarios/settings.js";

export interface TroubleOptions {
  readonly basis: RunBasis;
  readonly settings: ScenarioSettings;
  readonly world: ServiceWorld;
  readonly replicas: Replicas;
}

const OPERATOR = { by: "operator", why: "an incident" };
/** So many writes a replica that takes over lacks at most. */
const MAX_LOST_WRITES = 12;
const MAX_FAILOVERS = 4;

/**
 * Troubles that aren't about one call: outages, partitions, deployments, failovers, an operator's
 * pause.
 */
export function scheduleTrouble(options: TroubleOptions): { readonly failovers: number } {
  const { settings, world } = options;
  const { kernel, decisions, network, trace, history } = options.basis;
  const { hosts, consumers } = options.replicas;
  const { calmAt, productionMs, maxOutageMs } = settings;
  const { store } = world;
  const done = { failovers: 0 };
  /** All of the service, or the pipeline by its name. */
  const onlyOne = settings.variation !== undefined || settings.twoPipelines;
  const paused = onlyOne ? PIPELINE : undefined;
  let pauseEndsAt = 0;

  /** When and how long, if it happens in this run. */
  function occasion(place: string, fault: string): { from: number; ms: number } | undefined {
    const magnitude = decisions.site(place, fault, `${place}.${fault}`, 0.8).next();
    if (magnitude === 0) return undefined;
    const from =
      decisions.property(`when ${place}.${fault}`) * Math.min(productionMs * 2, calmAt * 0.9);
    return { from, ms: magnitude * maxOutageMs };
  }

  // Where nothing else happens, it is the first pipeline's provider that is away.
  for (const service of settings.quiet ? ["ses"] : ["store", "sqs", "ses", "directory"]) {
    const outage = occasion(service, "outage");
    if (outage) network.takeDown(service, outage.from, Math.min(calmAt, outage.from + outage.ms));
    for (const { name } of settings.quiet ? [] : hosts) {
      const cut = occasion(`${name}.${service}`, "cut");
      if (cut) network.cut(name, service, cut.from, Math.min(calmAt, cut.from + cut.ms));
    }
  }

  for (const host of settings.quiet ? [] : hosts) {
    const deployment = occasion(host.name, "deployment");
    if (deployment) kernel.schedule(deployment.from, () => deploy(host, deployment.ms));
    const correction = occasion(host.name, "clockCorrection");
    if (correction) {
      const ms = (decisions.property(`which way ${host.name}`) - 0.5) * 4_000;
      kernel.schedule(correction.from, () => host.jumpWall(ms));
    }
  }

  const suspension = occasion("ses", "accountPaused");
  if (suspension) {
    const { from, ms } = suspension;
    world.ses.pauseAccount(from, Math.min(calmAt, from + ms));
  }

  const pause = occasion("operator", "pause");
  if (pause) {
    kernel.schedule(pause.from, () => {
      void store.control.pause(NAMESPACE, paused, OPERATOR);
      // The checker knows of a pause of everything only.
      if (!settings.twoPipelines) history.add({ type: "paused" });
    });
    pauseEndsAt = Math.min(calmAt, pause.from + pause.ms);
    kernel.schedule(pauseEndsAt, resume);
  }

  if (settings.maxStallMs > 0) {
    const stall = occasion("ses", "eventsStall");
    if (stall) {
      const ms = (stall.ms / maxOutageMs) * settings.maxStallMs;
      world.ses.stall(stall.from, Math.min(calmAt, stall.from + ms));
    }
  }

  if (settings.failover) {
    for (let index = 0; index < MAX_FAILOVERS; index += 1) {
      const place = `store${index}`;
      const share = decisions.site(place, "failover", "store.failover", 0.9).next();
      const from = decisions.property(`when ${place}.failover`) * productionMs * 2;
      if (share > 0) kernel.schedule(from, () => failOver(share));
    }
  }
  return done;

  function failOver(share: number): void {
    const writes = Math.ceil(share * MAX_LOST_WRITES);
    trace.add(kernel.now, "store", `FAILOVER loses its last ${writes} writes`);
    done.failovers += 1;
    store.failOver(writes);
    // Where the end of the pause was lost, the operator sees that nothing is sent, and ends it again.
    if (kernel.now >= pauseEndsAt) resume();
  }

  function resume(): void {
    history.add({ type: "resumed" });
    void store.control.resume(NAMESPACE, paused);
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
