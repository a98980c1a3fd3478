import { createDecisions } from "../kernel/decisions.js";
import { createHost, type Host } from "../kernel/host.js";
import { createKernel, type Kernel } from "../kernel/kernel.js";
import { createNetwork } from "../kernel/network.js";
import { createTrace } from "../kernel/trace.js";
import { queueWires } from "../ports/queue-client.js";
import { sqsQueue, type SqsQueue } from "../worlds/sqs.js";
import { DAY_MS, type Assumptions } from "./assumptions.js";
import { runNaive } from "./naive.js";
import { runOurs } from "./ours.js";
import { traffic, type FormUpdate } from "./traffic.js";

export interface Outcome {
  /** Doctors with at least two mails, pairs of Part A and Part B included. */
  readonly twoOrMore: number;
  readonly threeOrMore: number;
  /** The most mails for one doctor. */
  readonly most: number;
  /** Doctors who got the same confirmation more than once. */
  readonly repeated: number;
  /** The most copies of one confirmation. */
  readonly mostCopies: number;
  readonly mails: number;
  readonly updates: number;
  readonly deadLettered: number;
}

const NO_FAULTS = { seed: 1, only: new Set<string>() };
/** What is under way at the end of the three days may end. */
const AFTER_MS = 3 * 3_600_000;

/** The same traffic through one of the two services. */
export async function replay(
  service: "naive" | "ours",
  assumptions: Assumptions,
  seed: number,
): Promise<Outcome> {
  const kernel = createKernel();
  const decisions = createDecisions(NO_FAULTS);
  const never = decisions.site("sqs", "habit", "sqs.habit", 0);
  const faults = {
    doubleDelivery: never,
    forgottenDelete: never,
    reorder: never,
    lateArrival: never,
    outdatedHandleWorks: never,
  };
  const common = { kernel, fifo: true, retentionMs: 4 * DAY_MS, faults, observe: () => undefined };
  const dlq = sqsQueue({ ...common, name: "dead.fifo" });
  const queue = sqsQueue({
    ...common,
    name: "form-updated.fifo",
    redrive: { to: dlq, maxReceiveCount: 10 },
  });
  const updates = traffic(assumptions, seed);
  for (const update of updates) {
    kernel.schedule(update.at, () => {
      const body = JSON.stringify(update);
      queue.send({ body, groupId: `doctor-${update.doctor}`, dedupId: body });
    });
  }
  const sent = new Map<number, Map<string, number>>();
  const send = ({ doctor, form, at }: FormUpdate): void => {
    const own = sent.get(doctor) ?? new Map<string, number>();
    const which = `${form} ${at}`;
    own.set(which, (own.get(which) ?? 0) + 1);
    sent.set(doctor, own);
  };
  const host = createHost(kernel, { name: service, seed });
  if (service === "naive") runNaive(kernel, host, queue, assumptions, send);
  else startOurs(kernel, host, queue, assumptions, updates, send);
  await kernel.run({ until: assumptions.days * DAY_MS + AFTER_MS });
  return count(sent, updates.length, dlq.messages().length);
}

function startOurs(
  kernel: Kernel,
  host: Host,
  queue: SqsQueue,
  assumptions: Assumptions,
  updates: readonly FormUpdate[],
  send: (update: FormUpdate) => void,
): void {
  const decisions = createDecisions(NO_FAULTS);
  const network = createNetwork({
    kernel,
    decisions,
    trace: createTrace({ story: false }),
    maxCrashes: 0,
    maxPauses: 0,
    maxPauseMs: 0,
    restartMs: 0,
  });
  const service = network.service({
    name: "sqs",
    latencyMs: 10,
    timeoutMs: 5_000,
    maxDelayMs: 0,
    resends: false,
    rate: 0,
  });
  const wires = queueWires(host.name, service, queue, decisions);
  const newAccounts = new Map(
    updates
      .filter(({ accountAt }) => accountAt > 0)
      .map(({ doctor, accountAt }) => [doctor, accountAt]),
  );
  runOurs(kernel, host, wires.connect, assumptions, newAccounts, send);
}

function count(
  sent: ReadonlyMap<number, ReadonlyMap<string, number>>,
  updates: number,
  deadLettered: number,
): Outcome {
  const perDoctor = [...sent.values()].map((own) => [...own.values()]);
  const totals = perDoctor.map((copies) => copies.reduce((sum, each) => sum + each, 0));
  return {
    twoOrMore: totals.filter((total) => total >= 2).length,
    threeOrMore: totals.filter((total) => total >= 3).length,
    most: Math.max(0, ...totals),
    repeated: perDoctor.filter((copies) => copies.some((each) => each > 1)).length,
    mostCopies: Math.max(0, ...perDoctor.flat()),
    mails: totals.reduce((sum, total) => sum + total, 0),
    updates,
    deadLettered,
  };
}
