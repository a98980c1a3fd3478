import type { Service } from "../kernel/network.js";
import { claimOracle, type ClaimOracle } from "../oracles/claims.js";
import { evidenceOracle } from "../oracles/evidence.js";
import { createLedger, type Ledger } from "../oracles/ledger.js";
import { isolationOracle } from "../oracles/isolation.js";
import { letterOracle } from "../oracles/letters.js";
import { mailOracle } from "../oracles/mail.js";
import { queueOracle, type QueueOracle } from "../oracles/queue.js";
import { reservationOracle } from "../oracles/reservations.js";
import { SIGNATURE_MS, type ScenarioSettings } from "../scenarios/settings.js";
import { noticeBody, sesWorld, type SesWorld } from "../worlds/ses.js";
import { sqsQueue, type SqsEvent, type SqsQueue } from "../worlds/sqs.js";
import { casWorld, type CasWorld } from "../worlds/cas-store.js";
import { storeWorld, type StoreWorld, type StoreWorldOptions } from "../worlds/store.js";
import type { RunBasis } from "./basis.js";

/** Everything outside of the service's own processes, and the oracles that watch it. */
export interface ServiceWorld {
  readonly ledger: Ledger;
  readonly queueRules: QueueOracle;
  readonly claimRules: ClaimOracle;
  readonly store: StoreWorld;
  /** The same, where processes make their store over it themselves. */
  readonly cas: CasWorld | undefined;
  readonly ses: SesWorld;
  readonly main: SqsQueue;
  readonly dlq: SqsQueue;
  /** SES's events. */
  readonly notices: SqsQueue;
  readonly noticesDlq: SqsQueue;
  readonly services: Readonly<Record<"store" | "sqs" | "ses" | "post" | "directory", Service>>;
  /** A service that only a process beside the consumers uses; `trouble` is its share of faults. */
  sideService(
    name: string,
    trouble: { readonly rate: number; readonly maxDelayMs: number },
  ): Service;
}

/** A late reply that a client still waits for tells a process of a lease that is half over. */
const CLIENT_TIMEOUTS_MS = [2_000, 6_000] as const;
const DAY_MS = 24 * 3_600_000;

export function buildServiceWorld(basis: RunBasis, settings: ScenarioSettings): ServiceWorld {
  const { kernel, trace, site, report, decisions, history } = basis;
  const now = (): number => kernel.now;
  const ledger = createLedger();
  const mailRules = mailOracle(ledger, settings.variation?.tripwire, now, report);
  const dedupes = settings.variation?.provider === "idempotent";
  const claimRules = claimOracle(
    ledger,
    now,
    {
      mayResend: settings.onUnknown === "resend",
      mayOverlap: settings.cas?.clockOf === "caller",
    },
    report,
  );
  const queueRules = queueOracle(
    ledger,
    () => main,
    () => dlq,
    now,
    report,
  );
  const letterRules = letterOracle(ledger, () => dlq, report);
  const reservationRules = reservationOracle(ledger, report);
  const isolationRules = isolationOracle(ledger, now, report);
  const evidenceRules = evidenceOracle(ledger, () => ses, report);
  const storeOptions: StoreWorldOptions = {
    kernel,
    retentionMs: 28 * DAY_MS,
    skewMs: settings.skewMs / 2,
    observe: (event) => {
      mailRules.onStore(event);
      claimRules.onStore(event);
      queueRules.onStore(event);
      evidenceRules.onStore(event);
      letterRules.onStore(event);
      reservationRules.onStore(event);
      history.onStore(event);
    },
    onFree: reservationRules.onFree,
    onFailOver: (lost) => {
      claimRules.onFailOver(lost);
      mailRules.onFailOver(lost);
      history.onFailOver(lost);
    },
  };
  const cas = settings.cas && casWorld({ ...storeOptions, cas: settings.cas });
  const store = cas ?? storeWorld(storeOptions);

  const queueOptions = {
    kernel,
    faults: {
      doubleDelivery: site("sqs", "doubleDelivery", 0.1),
      forgottenDelete: site("sqs", "forgottenDelete", 0.1),
      reorder: site("sqs", "reorder", 0.3),
      lateArrival: site("sqs", "lateArrival", 0.1),
      outdatedHandleWorks: site("sqs", "outdatedHandleWorks", 0.5),
    },
    retentionMs: 4 * DAY_MS,
    observe: (queue: SqsQueue, event: SqsEvent) => {
      if (event.type === "redriven") {
        const { id, receiveCount } = event.message;
        trace.add(kernel.now, queue.name, `moves ${id} after ${receiveCount} receives`);
      }
      letterRules.onQueue(queue, event);
      queueRules.onQueue(queue, event);
      history.onQueue({ main, dlq }, queue, event);
    },
  };
  const { fifo } = settings;
  const suffix = fifo ? ".fifo" : "";
  const dlq: SqsQueue = sqsQueue({ ...queueOptions, name: `dlq${suffix}`, fifo });
  const redrive = { to: dlq, maxReceiveCount: settings.maxReceiveCount };
  const main: SqsQueue = sqsQueue({ ...queueOptions, name: `events${suffix}`, fifo, redrive });
  const noticesDlq = sqsQueue({ ...queueOptions, name: "notices-dlq", fifo: false });
  const notices = sqsQueue({
    ...{ ...queueOptions, name: "notices", fifo: false },
    faults: { ...queueOptions.faults, lateArrival: site("notices", "lateArrival", 0.2) },
    redrive: { to: noticesDlq, maxReceiveCount: settings.maxNoticeReceives },
  });

  const ses: SesWorld = sesWorld({
    kernel,
    signatureMs: SIGNATURE_MS,
    maxEventDelayMs: settings.maxEventDelayMs,
    dedupes,
    faults: {
      throttle: site("ses", "throttle", 0.2),
      reject: site("ses", "reject", 0.2),
      garble: site("ses", "garble", 0.2),
      eventLost: site("ses", "eventLost", settings.eventLossRate),
      eventDoubled: site("ses", "eventDoubled", 0.3),
      eventLate: site("ses", "eventLate", 0.5),
      eventGarbled: site("ses", "eventGarbled", 0.1),
      namesake: site("ses", "namesake", 0.2),
      omitted: site("ses", "omitted", 0.5),
    },
    onAccepted: (mail) => {
      trace.add(kernel.now, "SES", `took ${mail.messageId} of ${mail.attemptId}`);
      mailRules.onMail(mail);
      queueRules.onMail(mail);
      claimRules.onMail(mail);
      isolationRules.onMail(mail);
    },
    onRequest: history.onRequest,
    onRefused: ({ attemptId }, reason) => {
      const isItsOwn = reason === "rejected" || reason === "virus";
      if (isItsOwn) ledger.refused.add(attemptId.split("-")[0] ?? "");
    },
    onEventLost: (attempt) => history.add({ type: "evidenceLost", attempt }),
    publish: (notice) => void notices.send({ body: noticeBody(notice) }),
  });

  const { network } = basis;
  const leg = { timeoutMs: 2_000, maxDelayMs: 12_000 };
  const quiet = settings.quiet ? { rate: 0 } : {};
  return {
    ...{ ledger, queueRules, claimRules, store, cas, ses, main, dlq, notices, noticesDlq },
    services: {
      store: network.service({
        ...{ name: "store", latencyMs: 1, resends: true, rate: 0.04, ...leg },
        timeoutMs: decisions.pick("storeTimeoutMs", CLIENT_TIMEOUTS_MS),
        ...quiet,
      }),
      sqs: network.service({
        ...{ name: "sqs", latencyMs: 5, resends: true, rate: 0.05, ...leg },
        timeoutMs: decisions.pick("sqsTimeoutMs", CLIENT_TIMEOUTS_MS),
        ...quiet,
      }),
      ses: network.service({
        ...{ name: "ses", latencyMs: 40, resends: false, rate: 0.2, ...leg },
        maxDelayMs: 16_000,
        ...quiet,
      }),
      post: network.service({
        ...{ name: "post", latencyMs: 40, resends: false, rate: 0, ...leg },
      }),
      directory: network.service({
        ...{ name: "directory", latencyMs: settings.directoryMs, resends: true, rate: 0.1, ...leg },
        ...quiet,
      }),
    },
    sideService: (name, trouble) =>
      network.service({ name, latencyMs: 3, resends: true, ...leg, ...trouble, ...quiet }),
  };
}
