import { setTimeout as sleep } from "node:timers/promises";
import { startChild, type Bundles, type Child } from "./child.js";
import type { AcceptedEmail, Observations } from "./counting.js";
import { mailboxOf } from "./mailbox.js";
import { queuesOf } from "./queues.js";
import { scaledMs } from "./scale.js";
import { userPoolOf } from "./user-pool.js";
import { services, type Side } from "./services.js";
import { stackFacts, type StackFacts, type StackSettings } from "./stack-facts.js";
import { watchLog } from "./watch-log.js";
import type { WorkloadEvent } from "./workload.js";

/** How far a replay has come. */
export interface Progress {
  readonly published: number;
  readonly emails: number;
  readonly finished: boolean;
}

export interface ReplayOptions {
  readonly side: Side;
  readonly workload: readonly WorkloadEvent[];
  readonly stack: StackSettings;
  readonly onProgress: (progress: Progress) => void;
  /** Default: the sources. */
  readonly bundles?: Bundles;
}

/** What one service did with the workload. */
export interface ReplayResult {
  readonly emails: readonly AcceptedEmail[];
  readonly observations: Observations;
  /** The mailbox as SES lists it. */
  readonly pages: readonly string[];
  /** Milliseconds of the replay, without starting and stopping. */
  readonly tookMs: number;
}

const LOOK_EVERY_MS = 250;
/** Looks in a row at empty queues before they count as done with. */
const QUIET_LOOKS = 3;
/** A service that has neither sent nor asked for users for so long is stuck. */
const PATIENCE_MS = 30_000;
const START_TIMEOUT_MS = 30_000;

/** Plays the workload to one service on a fresh stack, all in processes of their own. */
export async function replay(options: ReplayOptions): Promise<ReplayResult> {
  const { stack, facts } = await startStack(options);
  const queues = queuesOf(facts);
  try {
    return await play(options, facts, queues);
  } finally {
    queues.close();
    await stack.kill();
  }
}

async function play(
  { side, workload, onProgress, bundles = {} }: ReplayOptions,
  facts: StackFacts,
  queues: ReturnType<typeof queuesOf>,
): Promise<ReplayResult> {
  const mailbox = mailboxOf(facts.ses);
  const userPool = userPoolOf(facts.cognito);
  const startedAt = Date.now();
  const log = watchLog(startedAt);
  const service = startChild({
    name: `the ${side} service`,
    file: services[side].file,
    bundles,
    env: { ...facts.env, ...services[side].env },
    onLine: log.read,
  });

  const publishing = publishOnTime(workload, startedAt, queues.publish);
  let activity = 0;
  let activeAt = Date.now();
  const look = async (): Promise<void> => {
    await sleep(LOOK_EVERY_MS);
    const [emails, calls] = await Promise.all([mailbox.accepted(), userPool.calls()]);
    const published = publishing.count();
    if (emails + calls + published > activity) activeAt = Date.now();
    activity = emails + calls + published;
    onProgress({ published, emails, finished: false });
  };
  const isStuck = () => Date.now() - activeAt > PATIENCE_MS;

  for (let quiet = 0; quiet < QUIET_LOOKS && !isStuck();) {
    await look();
    assertRunning(service);
    const isQuiet = publishing.count() === workload.length && (await queues.waiting()) === 0;
    quiet = isQuiet ? quiet + 1 : 0;
  }
  await publishing.finished;

  // Handlers that still walk the pool have their emails yet to send.
  service.askToEnd();
  while (service.running && !isStuck()) await look();
  await service.kill();
  const emails = await mailbox.emails(startedAt);
  onProgress({ published: workload.length, emails: emails.length, finished: true });
  const deadLettered = await queues.deadLettered();
  const pages = await mailbox.pages();
  const observations = { ...log.seen(), deadLettered };
  return { emails, pages, observations, tookMs: Date.now() - startedAt };
}

/** Publishes each event when it is due; `count` throws what went wrong. */
function publishOnTime(
  workload: readonly WorkloadEvent[],
  startedAt: number,
  publish: (event: WorkloadEvent) => Promise<void>,
) {
  let published = 0;
  let fault: Error | undefined;
  async function run(): Promise<void> {
    for (const event of workload) {
      const dueInMs = startedAt + scaledMs(event.atMs / 1_000) - Date.now();
      if (dueInMs > 0) await sleep(dueInMs);
      await publish(event);
      published += 1;
    }
  }
  const finished = run().catch((error: Error) => {
    fault = error;
  });
  return {
    finished,
    count(): number {
      if (fault !== undefined) throw fault;
      return published;
    },
  };
}

async function startStack({
  stack: settings,
  bundles = {},
}: ReplayOptions): Promise<{ stack: Child; facts: StackFacts }> {
  let ready: (line: string) => void = () => undefined;
  const firstLine = new Promise<string>((resolve) => (ready = resolve));
  const stack = startChild({
    name: "the local stack",
    file: "./stack-main.ts",
    bundles,
    args: [JSON.stringify(settings)],
    onLine: (line) => ready(line),
  });
  const giveUpAt = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    const line = await Promise.race([firstLine, sleep(100, undefined)]);
    if (line !== undefined) return { stack, facts: stackFacts.parse(JSON.parse(line)) };
    assertRunning(stack);
    if (Date.now() > giveUpAt)
      throw new Error(`The local stack didn't start:\n${stack.lastWords()}`);
  }
}

function assertRunning(child: Child): void {
  if (!child.running) throw new Error(`${child.name} ended by itself:\n${child.lastWords()}`);
}
