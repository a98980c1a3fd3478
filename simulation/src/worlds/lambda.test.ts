import type { LambdaHandler } from "@exactly-once/sqs-adapter";
import { describe, expect, it } from "vitest";
import { createDecisions, NEVER } from "../kernel/decisions.js";
import { createHost, type Life } from "../kernel/host.js";
import { createKernel } from "../kernel/kernel.js";
import { createNetwork } from "../kernel/network.js";
import { createTrace } from "../kernel/trace.js";
import { queueWires } from "../ports/queue-client.js";
import { startEventSourceMapping } from "./event-source-mapping.js";
import { lambdaFunction } from "./lambda-function.js";
import { sqsQueue } from "./sqs.js";

const TIMEOUT_MS = 10_000;
const VISIBILITY_MS = 30_000;
const NO_CRASHES = { maxCrashes: 0, maxPauses: 0, maxPauseMs: 0, restartMs: 0 };
const NO_FAULTS = {
  doubleDelivery: NEVER,
  forgottenDelete: NEVER,
  reorder: NEVER,
  lateArrival: NEVER,
  outdatedHandleWorks: NEVER,
};

/** A function with one sandbox behind a queue; `handle` makes its handler, in each of its lives. */
function world(handle: (life: Life) => LambdaHandler, pollers = 1) {
  const kernel = createKernel();
  const decisions = createDecisions({ seed: 1, only: new Set() });
  const trace = createTrace({ story: false });
  const network = createNetwork({ kernel, decisions, trace, ...NO_CRASHES });
  const leg = { latencyMs: 5, timeoutMs: 2_000, maxDelayMs: 0, resends: false, rate: 0 };
  const queue = sqsQueue({
    ...{ kernel, name: "q.fifo", fifo: true, retentionMs: 3_600_000, faults: NO_FAULTS },
    observe: () => undefined,
  });
  const target = lambdaFunction({
    ...{ kernel, trace, timeoutMs: TIMEOUT_MS },
    onError: () => undefined,
    onAnswered: () => undefined,
    onTimeout: () => undefined,
  });
  const host = createHost(kernel, { name: "a", seed: 1, onLifeEnd: () => sandbox.onLifeEnd() });
  const sandbox = target.addSandbox(host);
  host.start((life) => sandbox.ready(life, handle(life)));
  const mapping = createHost(kernel, { name: "mapping", seed: 1 });
  const wires = queueWires("mapping", network.service({ name: "sqs", ...leg }), queue, decisions);
  mapping.start((life) => {
    startEventSourceMapping({
      ...{ kernel, life, target, fifo: true, batchSize: 10, pollers, visibilityMs: VISIBILITY_MS },
      faults: { answerLost: NEVER, invokedAgain: NEVER },
      queue: wires.connect(life),
    });
  });
  const send = (body: string, groupId = "g") => queue.send({ body, groupId });
  const run = (until: number) => kernel.run({ until });
  const left = () => queue.messages().map(({ body }) => body);
  return { kernel, host, sandbox, send, run, left };
}

const failing =
  (...bodies: readonly string[]): LambdaHandler =>
  async ({ Records }) => ({
    batchItemFailures: Records.filter(({ body }) => bodies.includes(body)).map(({ messageId }) => ({
      itemIdentifier: messageId,
    })),
  });

describe("the simulated event source mapping", () => {
  it("deletes what the answer doesn't name, and leaves the rest to the queue's visibility", async () => {
    const seen: (readonly string[])[] = [];
    const { send, run, left } = world(() => (event, context) => {
      seen.push(event.Records.map(({ body }) => body));
      return failing("b")(event, context);
    });
    for (const body of ["a", "b", "c"]) send(body, body);
    await run(1_000);
    expect(left()).toEqual(["b"]);
    await run(VISIBILITY_MS - 1_000);
    expect(seen).toEqual([["a", "b", "c"]]);
    await run(VISIBILITY_MS + 1_000);
    expect(seen).toEqual([["a", "b", "c"], ["b"]]);
  });

  it("takes an answer that names a stranger for a failure of the batch", async () => {
    const { send, run, left } = world(() => async () => ({
      batchItemFailures: [{ itemIdentifier: "stranger" }],
    }));
    send("a");
    await run(1_000);
    expect(left()).toEqual(["a"]);
  });

  it("drops a throttled batch once its visibility has passed", async () => {
    const { kernel, host, sandbox, send, run, left } = world(() => failing());
    kernel.schedule(1, () => void sandbox.retire());
    await run(10);
    send("a");
    await run(VISIBILITY_MS * 2);
    expect(left()).toEqual(["a"]);
    host.crash(1);
    await run(VISIBILITY_MS * 4);
    expect(left()).toEqual([]);
  });
});

describe("a simulated sandbox", () => {
  it("is killed at the function's timeout, with everything it was doing", async () => {
    const seen: string[] = [];
    const { send, run, left, host } = world(({ clock }) => async () => {
      seen.push("began");
      await clock.sleep(TIMEOUT_MS * 2);
      seen.push("went on");
      return { batchItemFailures: [] };
    });
    send("a");
    await run(VISIBILITY_MS - 1);
    expect(seen).toEqual(["began"]);
    expect(host.incarnation).toBe(1);
    expect(left()).toEqual(["a"]);
  });

  it("is frozen between its invocations, and then goes on with what was pending", async () => {
    const woke: number[] = [];
    const { kernel, send, run } = world(({ clock }) => async () => {
      void clock.sleep(1_000).then(() => woke.push(kernel.now));
      return { batchItemFailures: [] };
    });
    send("a");
    await run(60_000);
    expect(woke).toEqual([]);
    send("b");
    await run(120_000);
    expect(woke).toHaveLength(1);
    expect(woke[0]).toBeGreaterThanOrEqual(60_000);
  });

  it("tells the handler how much of its time is left", async () => {
    const left: number[] = [];
    const { send, run } = world(({ clock }) => async (_event, context) => {
      left.push(context.getRemainingTimeInMillis());
      await clock.sleep(1_000);
      left.push(context.getRemainingTimeInMillis());
      return { batchItemFailures: [] };
    });
    send("a");
    await run(5_000);
    expect(left).toEqual([TIMEOUT_MS - 5, TIMEOUT_MS - 1_005]);
  });
});
