import { redisStore } from "@exactly-once/redis-store";
import { startRedisServer } from "@exactly-once/redis-store/testing";
import {
  createLocalSes,
  snsTopicPublisher,
  type LocalSes,
} from "@exactly-once/ses-adapter/testing";
import { setTimeout as sleep } from "node:timers/promises";
import { startProcess, type Process } from "../processes.js";
import { startEmulator, type Emulator } from "../sqs/emulator.js";
import { credentials, region, type QueuePair } from "../sqs/server.js";
import { keyOf, type ContenderName } from "./contenders/index.js";
import { CONFIGURATION_SET } from "./contenders/service.js";
import { idOfBody, idOfRecipient, planEvents, type PlannedEvent } from "./events.js";
import { planFault, type FaultName, type FaultPlan } from "./faults.js";
import type { Before, ReplicaInput } from "./replica-process.js";
import { judge, watchChanges, type Evidence, type Verdict } from "./verdict.js";

export interface RunOptions {
  readonly contender: ContenderName;
  readonly fault: FaultName;
  readonly events: number;
  readonly seed: number;
}

const VISIBILITY_SECONDS = 4;
const VISIBILITY_MS = VISIBILITY_SECONDS * 1_000;
const REPLICAS = 2;
/** Receives until SQS itself moves a message to the dead letters. */
const MAX_RECEIVES = 5;
const REDIS_DOWN_MS = 1_500;
/**
 * Nothing happens any more when nothing has for so long: more than seven visibilities, three times a
 * slow handler, and longer than a message takes to be received for the last time.
 */
const STILL_MS = 30_000;
/** Ends a run whose contender goes on without getting anywhere. */
const LIMIT_MS = 300_000;

/** One contender, one fault: the events of the seed, two replicas, until all is quiet. */
export async function run(options: RunOptions): Promise<Verdict> {
  const { contender, fault, events, seed } = options;
  const plan = planFault(fault, events, seed);
  const planned = planEvents(events, plan.poison ?? new Set());
  const redis = await startRedisServer({
    settings: { appendonly: "yes", appendfsync: "always" },
  });
  const emulator = await startEmulator();
  const sesEvents = await emulator.createQueue();
  const topic = snsTopicPublisher({ endpoint: emulator.endpoint, region, credentials });
  const ses = await createLocalSes({
    faults: sesFaults(plan),
    keep: events * 20,
    configurationSets: {
      [CONFIGURATION_SET]: { topicArn: await emulator.createTopic(sesEvents.queueUrl) },
    },
    publish: topic.publish,
  });
  const fifo = plan.fifo === true;
  const queue = await emulator.createQueue({
    fifo,
    visibilitySeconds: VISIBILITY_SECONDS,
    maxReceiveCount: MAX_RECEIVES,
  });
  await emulator.send(
    queue.queueUrl,
    planned.map(({ body, group }) => (fifo ? { body, group } : { body })),
  );
  const replicas = createReplicas(plan, {
    contender,
    sqsEndpoint: emulator.endpoint,
    queueUrl: queue.queueUrl,
    deadLetterUrl: queue.deadLetterUrl,
    maxReceives: MAX_RECEIVES,
    fifo,
    visibilitySeconds: VISIBILITY_SECONDS,
    redisUrl: redis.url,
    sesEndpoint: ses.endpoint,
    ...(plan.sesTimeoutMs === undefined ? {} : { sesTimeoutMs: plan.sesTimeoutMs }),
    sesEventsUrl: sesEvents.queueUrl,
  });
  const store = redisStore({ client: redis.connect(), pageSize: 1_000 });
  const listed = async (): Promise<ReadonlySet<number>> => {
    const { items } = await store.unresolved();
    const ids = new Map(planned.map(({ id }) => [keyOf(id), id]));
    return new Set(items.flatMap(({ key }) => ids.get(key) ?? []));
  };
  const look = (): Promise<Evidence> => gather(planned, ses, emulator, queue, listed);

  try {
    await replicas.start();
    const trouble = Promise.all([
      failActions(plan, ses, emulator, events),
      restartRedis(plan, ses, redis, events),
    ]);
    const evidence = await untilQuiet(look, trouble);
    return judge(evidence, fifo);
  } finally {
    await replicas.kill();
    await ses.close();
    await topic.close();
    await emulator.stop();
    await redis.stop();
  }
}

function sesFaults({ ses }: FaultPlan) {
  const left = new Map(ses);
  return ({ recipients }: { readonly recipients: readonly string[] }) => {
    const id = idOfRecipient(recipients[0] ?? "");
    const fault = left.get(id);
    left.delete(id);
    return fault;
  };
}

function createReplicas(plan: FaultPlan, input: ReplicaInput) {
  const running = new Set<Process>();
  const failed = new Set<number>();
  const stopped = new Set<number>();
  const killed = new Set<number>();
  let over = false;

  function firstTime(ids: ReadonlySet<number> | undefined, done: Set<number>, id: number): boolean {
    if (!ids?.has(id) || done.has(id)) return false;
    done.add(id);
    return true;
  }

  async function startOne(): Promise<void> {
    const replica = await startProcess("scorecard/replica-process", input, {
      methods: {
        before: (id: number): Before => ({
          workMs: plan.slow?.has(id) ? VISIBILITY_MS * 2.5 : 0,
          fails: firstTime(plan.fail, failed, id),
        }),
        sending: async (id: number): Promise<void> => {
          if (!firstTime(plan.stopBeforeSend, stopped, id)) return;
          replica.child.kill("SIGSTOP");
          await sleep(VISIBILITY_MS * 2.5);
          replica.child.kill("SIGCONT");
        },
        sent: async (id: number): Promise<void> => {
          if (!firstTime(plan.killAfterSend, killed, id)) return;
          running.delete(replica);
          await replica.kill();
          if (!over) await startOne();
        },
      },
    });
    running.add(replica);
    await replica.call("start");
  }

  return {
    start: async (): Promise<void> => {
      await Promise.all(Array.from({ length: REPLICAS }, startOne));
    },
    kill: async (): Promise<void> => {
      over = true;
      await Promise.all([...running].map((replica) => replica.kill()));
    },
  };
}

async function failActions(
  { failingActions, slow }: FaultPlan,
  ses: LocalSes,
  emulator: Emulator,
  events: number,
): Promise<void> {
  if (!failingActions) return;
  // Slow handlers run from the start; elsewhere the trouble comes in the middle of the work.
  if (!slow) await untilAccepted(ses, events / 4);
  await emulator.setFaults({ failing: failingActions });
  await sleep(VISIBILITY_MS * 2);
  await emulator.setFaults({});
}

async function restartRedis(
  { redisRestarts }: FaultPlan,
  ses: LocalSes,
  redis: Awaited<ReturnType<typeof startRedisServer>>,
  events: number,
): Promise<void> {
  if (!redisRestarts) return;
  await untilAccepted(ses, events / 2);
  await redis.kill();
  await sleep(REDIS_DOWN_MS);
  await redis.start();
}

async function untilAccepted(ses: LocalSes, emails: number): Promise<void> {
  const until = Date.now() + LIMIT_MS;
  while (ses.accepted() < emails && Date.now() < until) await sleep(10);
}

async function gather(
  planned: readonly PlannedEvent[],
  ses: LocalSes,
  emulator: Emulator,
  queue: QueuePair,
  listed: () => Promise<ReadonlySet<number>>,
): Promise<Evidence> {
  const idsIn = async (queueUrl: string): Promise<ReadonlySet<number>> =>
    new Set((await emulator.bodies(queueUrl)).map(idOfBody));
  return {
    groups: new Map(planned.map(({ id, group }) => [id, group])),
    emails: ses.sent().map(({ destinations }) => idOfRecipient(destinations[0] ?? "")),
    queued: await idsIn(queue.queueUrl),
    deadLettered: await idsIn(queue.deadLetterUrl),
    listed: await listed(),
  };
}

/**
 * Over when nothing is left to do, and nothing new happens for longer than a visibility; or when
 * something is left and nothing happens for much longer: that is stuck.
 */
async function untilQuiet(
  look: () => Promise<Evidence>,
  trouble: Promise<unknown>,
): Promise<Evidence> {
  const until = Date.now() + LIMIT_MS;
  let troubled = true;
  void trouble.then(() => (troubled = false));
  const changes = watchChanges();
  while (Date.now() < until) {
    await sleep(500);
    const evidence = await look().catch(() => undefined);
    if (!evidence || troubled) continue;
    const stillMs = changes.stillFor(evidence, Date.now());
    const idle = [...evidence.queued].every((id) => evidence.listed.has(id));
    if (stillMs > (idle ? VISIBILITY_MS * 1.5 : STILL_MS)) return evidence;
  }
  return look();
}
