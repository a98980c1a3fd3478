import { setTimeout as sleep } from "node:timers/promises";
import type { ContenderInput, Progress } from "../contender-process.js";
import { workEvent } from "../contenders/contender.js";
import { startProcess, type Process } from "../processes.js";
import { startSqs } from "../sqs/emulators.js";
import type { Consumption } from "./consume.js";

export interface TogetherOptions {
  readonly replicas: number;
  readonly messages: number;
  readonly warmUp: number;
  readonly redisUrl: string;
}

/** The part of a consumption that several processes can tell together. */
export type TogetherMeasured = Pick<Consumption, "messages" | "warmUp" | "seconds" | "cpuMs">;

/** Short against a run of seconds, and rare enough to cost nothing. */
const LOOK_EVERY_MS = 25;

/** Several processes of ours on one queue and one Redis, two pollers and 20 handlers each. */
export async function consumeTogether(options: TogetherOptions): Promise<TogetherMeasured> {
  const { replicas, messages, warmUp, redisUrl } = options;
  const sqs = await startSqs("fauxqs");
  const processes: Process[] = [];
  try {
    const { queueUrl } = await sqs.createQueue({ visibilitySeconds: 600 });
    await sqs.send(
      queueUrl,
      Array.from({ length: warmUp + messages }, (_, id) => ({
        body: JSON.stringify(workEvent(id)),
      })),
    );
    const input: ContenderInput = {
      contender: "ours on Redis",
      endpoint: sqs.endpoint,
      queueUrl,
      fifo: false,
      pollers: 2,
      concurrency: 20,
      handler: { ms: 0 },
      redisUrl,
    };
    for (let replica = 0; replica < replicas; replica += 1) {
      processes.push(await startProcess("contender-process", input));
    }
    await Promise.all(processes.map((each) => each.call("start")));
    const from = await untilDeleted(processes, warmUp);
    const to = await untilDeleted(processes, warmUp + messages);
    return {
      // What was really on the clock: between two looks a few more are deleted.
      messages: to.deleted - from.deleted,
      warmUp: from.deleted,
      seconds: (to.at - from.at) / 1_000,
      cpuMs: to.cpuMs - from.cpuMs,
    };
  } finally {
    await Promise.all(processes.map((each) => each.kill()));
    await sqs.stop();
  }
}

async function untilDeleted(
  processes: readonly Process[],
  messages: number,
): Promise<Progress & { readonly at: number }> {
  for (;;) {
    const at = performance.now();
    const all = await Promise.all(processes.map((each) => each.call<Progress>("progress")));
    const deleted = all.reduce((sum, one) => sum + one.deleted, 0);
    const cpuMs = all.reduce((sum, one) => sum + one.cpuMs, 0);
    if (deleted >= messages) return { deleted, cpuMs, at };
    await sleep(LOOK_EVERY_MS);
  }
}
