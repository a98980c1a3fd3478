import { setTimeout as sleep } from "node:timers/promises";
import type { ContenderInput } from "../contender-process.js";
import type { ContenderName } from "../contenders/index.js";
import { startProcess } from "../processes.js";
import { summarize, type Row } from "../rows.js";
import { workEvent } from "../contenders/contender.js";
import { startEmulator, type Emulator } from "../sqs/emulator.js";
import { openGateway } from "../sqs/gateway.js";
import { interleaved } from "./interleaved.js";
import type { Suite } from "./suite.js";

const CONTENDERS: readonly ContenderName[] = ["ours", "sqs-consumer"];
const SUITE = "idle and failing";
/** The first seconds are left out: starting up asks other things. */
const SETTLING_MS = 2_000;
const FAILING_MS = 10_000;
const EMPTY_MS = 40_000;
const POLLERS = 10;

/** What is asked of SQS when there is nothing to get, and when SQS doesn't work. */
export const idle: Suite = async ({ runs, only, note }) => {
  const rows: Row[] = [];
  const cases = {
    "SQS answers 500": whileFailing,
    "SQS refuses connections": whileRefused,
  } as const;
  for (const [name, measure] of Object.entries(cases)) {
    if (!name.includes(only)) continue;
    note(name);
    for (const [contender, of] of await interleaved(CONTENDERS, runs, measure)) {
      rows.push(
        summarize({ suite: SUITE, case: name, contender }, "requests per second", "1/s", of),
      );
    }
  }
  const name = `empty queue, ${POLLERS} pollers allowed, after a burst`;
  if (!name.includes(only)) return rows;
  note(name);
  for (const [contender, of] of await interleaved(CONTENDERS, Math.min(runs, 3), whileEmpty)) {
    rows.push(summarize({ suite: SUITE, case: name, contender }, "requests per 20 s", "1", of));
  }
  return rows;
};

/** Requests a second of one poller, the SDK's retries included. */
async function whileFailing(contender: ContenderName): Promise<number> {
  return withEmulator(async (emulator, queueUrl) => {
    const process = await startProcess(
      "contender-process",
      input(contender, emulator.endpoint, queueUrl, 1),
    );
    try {
      await process.call("start");
      await sleep(SETTLING_MS);
      await emulator.setFaults({ failing: ["ReceiveMessage"] });
      // Ends the poll under way, which would succeed otherwise.
      await emulator.send(queueUrl, [{ body: JSON.stringify(workEvent(0)) }]);
      await sleep(SETTLING_MS);
      await emulator.takeCounts();
      await sleep(FAILING_MS);
      return total(await emulator.takeCounts()) / (FAILING_MS / 1_000);
    } finally {
      await process.kill();
    }
  });
}

/** Attempts a second of one poller at a port where nobody listens any more. */
async function whileRefused(contender: ContenderName): Promise<number> {
  return withEmulator(async (emulator, queueUrl) => {
    const gateway = await openGateway(emulator.endpoint);
    const process = await startProcess(
      "contender-process",
      input(contender, gateway.endpoint, queueUrl, 1),
    );
    try {
      await process.call("start");
      await sleep(SETTLING_MS);
      gateway.close();
      const before = await process.call<number>("attempts");
      await sleep(FAILING_MS);
      return ((await process.call<number>("attempts")) - before) / (FAILING_MS / 1_000);
    } finally {
      await process.kill();
      gateway.close();
    }
  });
}

/** Requests per 20 s of a consumer that had a burst to work off before. */
async function whileEmpty(contender: ContenderName): Promise<number> {
  return withEmulator(async (emulator, queueUrl) => {
    const burst = Array.from({ length: 500 }, (_, id) => ({ body: JSON.stringify(workEvent(id)) }));
    await emulator.send(queueUrl, burst);
    const process = await startProcess(
      "contender-process",
      input(contender, emulator.endpoint, queueUrl, POLLERS),
    );
    try {
      await process.call("consume", { warmUp: 0, messages: burst.length });
      // The polls that began with the burst end within this time.
      await sleep(21_000);
      await emulator.takeCounts();
      await sleep(EMPTY_MS);
      return total(await emulator.takeCounts()) / (EMPTY_MS / 20_000);
    } finally {
      await process.kill();
    }
  });
}

async function withEmulator<Result>(
  work: (emulator: Emulator, queueUrl: string) => Promise<Result>,
): Promise<Result> {
  const emulator = await startEmulator();
  try {
    const { queueUrl } = await emulator.createQueue();
    return await work(emulator, queueUrl);
  } finally {
    await emulator.stop();
  }
}

function input(
  contender: ContenderName,
  endpoint: string,
  queueUrl: string,
  pollers: number,
): ContenderInput {
  const concurrency = pollers * 10;
  return { contender, endpoint, queueUrl, fifo: false, pollers, concurrency, handler: { ms: 0 } };
}

function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
