import type { Consumer, UnresolvedItem } from "@exactly-once/core";
import { createDecisions } from "./kernel/decisions.js";
import { createHost, type Host } from "./kernel/host.js";
import { createKernel } from "./kernel/kernel.js";
import { createNetwork } from "./kernel/network.js";
import { createTrace } from "./kernel/trace.js";
import { claimOracle } from "./oracles/claims.js";
import { judgeOrphan, judgeRest } from "./oracles/final.js";
import { createLedger } from "./oracles/ledger.js";
import { mailOracle } from "./oracles/mail.js";
import { queueOracle } from "./oracles/queue.js";
import type { Report, Violation } from "./oracles/violations.js";
import { mailWires } from "./ports/mailer.js";
import { queueWires } from "./ports/queue-client.js";
import { storeWires } from "./ports/store-client.js";
import { operatorLoop } from "./scenarios/operator.js";
import { produce } from "./scenarios/producer.js";
import { reconcilerLoop } from "./scenarios/reconciler.js";
import { redriveOnce } from "./scenarios/redrive.js";
import { simulatedService } from "./scenarios/service.js";
import {
  ATTEMPT_TIMEOUT_MS,
  scenarioSettings,
  SIGNATURE_MS,
  VALIDITY_MS,
  type ScenarioName,
} from "./scenarios/settings.js";
import { scheduleTrouble } from "./scenarios/trouble.js";
import { sesWorld } from "./worlds/ses.js";
import { sqsQueue, type SqsQueue } from "./worlds/sqs.js";
import { storeWorld } from "./worlds/store.js";

export interface ScheduleOptions {
  readonly seed: number;
  readonly scenario: ScenarioName;
  /** Only these faults happen. */
  readonly only?: ReadonlySet<string>;
  readonly story?: boolean;
}

export interface ScheduleResult {
  readonly seed: number;
  readonly scenario: ScenarioName;
  readonly violations: readonly Violation[];
  readonly hash: string;
  readonly story: readonly string[];
  readonly fired: readonly string[];
  readonly faults: ReadonlyMap<string, number>;
  readonly stats: ScheduleStats;
}

export interface ScheduleStats {
  readonly events: number;
  readonly crashes: number;
  readonly pauses: number;
  readonly messages: number;
  readonly emails: number;
  readonly held: number;
  readonly deadLettered: number;
  readonly suppressed: number;
  readonly virtualMs: number;
}

/** A run that needs more events than this doesn't come to rest. */
const MAX_EVENTS = 300_000;
const LOOK_EVERY = 4;
/** So long after it woke up a process has told the store what it knows, ms. */
const SETTLED_MS = 10_000;

/** One seeded run of the real consumer and pipeline in the simulated world. */
export async function runSchedule(options: ScheduleOptions): Promise<ScheduleResult> {
  const { seed, scenario, only, story = false } = options;
  const kernel = createKernel();
  const decisions = createDecisions({ seed, ...(only === undefined ? {} : { only }) });
  const trace = createTrace({ story });
  const settings = scenarioSettings(scenario, decisions);
  const violations: Violation[] = [];
  const report: Report = (oracle, text) => {
    violations.push({ oracle, at: kernel.now, text });
    trace.add(kernel.now, "VIOLATION", `${oracle}: ${text}`);
  };

  const network = createNetwork({
    kernel,
    decisions,
    trace,
    maxCrashes: 3,
    maxPauses: 3,
    maxPauseMs: 70_000,
    restartMs: 10_000,
  });
  const leg = { timeoutMs: 2_000, maxDelayMs: 12_000 };
  const services = {
    store: network.service({ name: "store", latencyMs: 1, resends: true, rate: 0.04, ...leg }),
    sqs: network.service({ name: "sqs", latencyMs: 5, resends: true, rate: 0.05, ...leg }),
    ses: network.service({
      name: "ses",
      latencyMs: 40,
      resends: false,
      rate: 0.2,
      ...leg,
      maxDelayMs: 16_000,
    }),
    directory: network.service({
      name: "directory",
      latencyMs: 20,
      resends: true,
      rate: 0.1,
      ...leg,
    }),
  };
  const site = (place: string, fault: string, rate: number) =>
    decisions.site(place, fault, `${place}.${fault}`, rate);

  const ledger = createLedger();
  const mailRules = mailOracle(ledger, report);
  const claimRules = claimOracle(ledger, () => kernel.now, report);
  const queueRules = queueOracle(
    ledger,
    () => main,
    () => kernel.now,
    report,
  );
  const store = storeWorld({
    kernel,
    retentionMs: 28 * 24 * 3_600_000,
    skewMs: settings.skewMs / 2,
    observe: (event) => {
      mailRules.onStore(event);
      claimRules.onStore(event);
      queueRules.onStore(event);
    },
  });
  const queueFaults = {
    doubleDelivery: site("sqs", "doubleDelivery", 0.1),
    forgottenDelete: site("sqs", "forgottenDelete", 0.1),
    reorder: site("sqs", "reorder", 0.3),
    outdatedHandleWorks: site("sqs", "outdatedHandleWorks", 0.5),
  };
  const queueOptions = {
    kernel,
    faults: queueFaults,
    retentionMs: 4 * 24 * 3_600_000,
    observe: queueRules.onQueue,
  };
  const suffix = settings.fifo ? ".fifo" : "";
  const dlq = sqsQueue({ ...queueOptions, name: `dlq${suffix}`, fifo: settings.fifo });
  const main: SqsQueue = sqsQueue({
    ...queueOptions,
    name: `events${suffix}`,
    fifo: settings.fifo,
    redrive: { to: dlq, maxReceiveCount: settings.maxReceiveCount },
  });
  const notices = sqsQueue({ ...queueOptions, name: "notices", fifo: false });
  const ses = sesWorld({
    kernel,
    signatureMs: SIGNATURE_MS,
    maxEventDelayMs: 60_000,
    faults: {
      throttle: site("ses", "throttle", 0.2),
      reject: site("ses", "reject", 0.2),
      garble: site("ses", "garble", 0.2),
      eventLost: site("ses", "eventLost", 0.5),
      eventDoubled: site("ses", "eventDoubled", 0.3),
      eventLate: site("ses", "eventLate", 0.5),
    },
    onAccepted: (mail) => {
      trace.add(kernel.now, "SES", `took ${mail.messageId} of ${mail.attemptId}`);
      mailRules.onMail(mail);
      queueRules.onMail(mail);
      claimRules.onMail(mail);
    },
    publish: (notice) => void notices.send({ body: JSON.stringify(notice) }),
  });

  const told = { held: 0, suppressed: 0 };
  const consumers = new Map<Host, Consumer>();
  const hosts: Host[] = [];
  for (let index = 0; index < settings.replicas; index += 1) {
    const name = "abc".charAt(index);
    const host = createHost(kernel, {
      name,
      seed,
      skewMs: settings.skewMs * (index % 2 === 0 ? 1 : -1),
      drift: settings.drift * (index % 2 === 0 ? 1 : -1),
    });
    const storeLink = storeWires(name, services.store, store, {
      onGranted: (id) => ledger.heard.add(id),
      onAsked: queueRules.onAsked,
    });
    const queueLink = queueWires(name, services.sqs, main, decisions, (handle) => {
      report("a lost delivery is let go", `${handle} was extended after it was lost`);
    });
    const mailLink = mailWires(name, services.ses, ses, {
      attemptTimeoutMs: ATTEMPT_TIMEOUT_MS,
      validityMs: VALIDITY_MS,
      pausePoint: network.pausePoint(name, "beforeSigning"),
    });
    const directory = services.directory.wire(name, "lookUp");
    host.start((life) => {
      const consumer = simulatedService({
        life,
        queue: queueLink.connect(life),
        store: storeLink.connect(life),
        mailer: mailLink.connect(life),
        directory,
        visibilityMs: settings.visibilityMs,
        concurrency: settings.concurrency,
        holdForMs: settings.holdForMs,
        maxProcessingMs: settings.maxProcessingMs,
        observe: (event) => {
          if (event.type === "held") told.held += 1;
          else if (event.type === "sendSuppressed" || event.type === "duplicateSuppressed") {
            told.suppressed += 1;
          } else if (event.type === "internalError") {
            report("no internal error", String(event.error));
          }
          if (story) trace.add(kernel.now, name, `* ${tellEvent(event)}`);
        },
      });
      consumers.set(host, consumer);
      consumer.start().catch((error: unknown) => report("starts", String(error)));
    });
    hosts.push(host);
  }

  /** The process lives on, and nothing kept it from giving up what it had asked for. */
  const couldGiveUp = (owner: string): boolean =>
    hosts.some(
      ({ name, up, incarnation, pausedUntil }) =>
        up &&
        owner.startsWith(`${name}${incarnation}x`) &&
        (pausedUntil === 0 || pausedUntil < kernel.now - SETTLED_MS) &&
        !network.wasCut(name, "store"),
    );
  const quietService = (name: string) =>
    network.service({ name, latencyMs: 3, resends: true, rate: 0.1, ...leg, maxDelayMs: 60_000 });
  const officer = createHost(kernel, { name: "operator", seed });
  const officerStore = storeWires("operator", quietService("operatorStore"), store);
  officer.start((life) => {
    const onNotSent = (attemptId: string): void => {
      judgeOrphan(attemptId, ledger, couldGiveUp, report);
    };
    void operatorLoop(life, officerStore.connect(life), ses, settings.operatorEveryMs, onNotSent);
  });
  const reconciler = createHost(kernel, { name: "reconciler", seed });
  if (settings.reconciler) {
    const link = storeWires("reconciler", quietService("reconcilerStore"), store);
    const queueLink = queueWires("reconciler", quietService("noticesSqs"), notices, decisions);
    reconciler.start((life) => {
      void reconcilerLoop(life, queueLink.connect(life), link.connect(life));
    });
  }

  produce(kernel, decisions, settings, main, ledger);
  scheduleTrouble({ kernel, decisions, network, trace, settings, hosts, consumers, store });

  let looks = 0;
  const atRest = (): boolean => {
    looks += 1;
    if (violations.length > 0) return true;
    return (
      looks % LOOK_EVERY === 0 &&
      kernel.now > settings.productionMs &&
      main.messages().length === 0 &&
      hosts.every(({ up }) => up) &&
      [...consumers.values()].every((consumer) => consumer.health().inFlight === 0)
    );
  };
  const run = (until: number, stop?: () => boolean) =>
    kernel.run({ until, maxEvents: MAX_EVENTS, ...(stop ? { stop } : {}) });

  await run(settings.calmAt, atRest);
  decisions.calm();
  network.heal();
  const restBy = kernel.now + settings.restWithinMs;
  let unresolved: readonly UnresolvedItem[] = [];
  let ended = await run(restBy, atRest);
  if (settings.redrive && violations.length === 0) {
    if (redriveOnce(dlq, main, ledger) > 0) ended = await run(restBy, atRest);
  }
  if (violations.length === 0) {
    if (ended === "exhausted") report("comes to rest", `not after ${MAX_EVENTS} events`);
    unresolved = await settleUnresolved();
  }
  if (violations.length === 0) {
    await shutDown();
    judgeRest(ledger, main, unresolved, report);
  }

  /** Late evidence and the operator's rounds: until nothing is unresolved, within the bound. */
  async function settleUnresolved(): Promise<readonly UnresolvedItem[]> {
    let items: readonly UnresolvedItem[] = [];
    const look = async (): Promise<void> => {
      items = (await store.execute("unresolved", [])).items;
    };
    await look();
    while (items.length > 0 && kernel.now < restBy && violations.length === 0) {
      await run(
        Math.min(restBy, kernel.now + settings.operatorEveryMs),
        () => violations.length > 0,
      );
      await look();
    }
    return items;
  }

  /** Stops every consumer; whatever is still on its way in the world arrives. */
  async function shutDown(): Promise<void> {
    let stopped = 0;
    officer.exit();
    reconciler.exit();
    for (const [host, consumer] of consumers) {
      void consumer.stop({ deadlineMs: 20_000 }).then(() => {
        stopped += 1;
        if (host.timers > 0) report("no timer left", `${host.name} has ${host.timers} after stop`);
        host.exit();
      });
    }
    await run(kernel.now + 5 * 60_000);
    if (stopped < consumers.size && violations.length === 0) {
      report("stops", `${consumers.size - stopped} consumers didn't stop`);
    }
  }

  const network_ = network.stats;
  return {
    seed,
    scenario,
    violations,
    hash: trace.hash,
    story: trace.story,
    fired: decisions.fired,
    faults: decisions.counts,
    stats: {
      events: kernel.events,
      crashes: network_.crashes,
      pauses: network_.pauses,
      messages: ledger.produced.size,
      emails: ses.accepted.length,
      held: told.held,
      deadLettered: ledger.copied.size,
      suppressed: told.suppressed,
      virtualMs: kernel.now,
    },
  };
}

function tellEvent(event: { readonly type: string }): string {
  const told = Object.entries(event).filter(
    ([name, value]) =>
      name !== "at" && name !== "type" && ["string", "number"].includes(typeof value),
  );
  return `${event.type} ${told.map(([name, value]) => `${name}=${String(value)}`).join(" ")}`;
}
