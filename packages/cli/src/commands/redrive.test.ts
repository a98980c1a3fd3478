import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  createWorkplace,
  startStore,
  unknownEffect,
  type LocalStore,
  type Workplace,
} from "../cli.fixture.js";
import { startSqs, type LocalSqs, type QueuePair } from "../sqs.fixture.js";

describe("redrive", () => {
  let sqs: LocalSqs;
  let local: LocalStore;
  let place: Workplace;
  beforeAll(async () => {
    [sqs, local] = await Promise.all([startSqs(), startStore()]);
    place = await createWorkplace({ AWS_ENDPOINT_URL: sqs.endpoint });
  });
  afterAll(async () => {
    await place.close();
    await Promise.all([sqs.close(), local.stop()]);
  });

  const redrive = ({ queueUrl }: QueuePair, ...args: string[]) =>
    place.run(["redrive", "--queue", queueUrl, ...args]);
  const withStore = () => ["--redis-url", local.url];

  it("lists what it would bring back, and does nothing without a yes", async () => {
    const pair = await sqs.createPair({ fifo: true });
    const original = await sqs.deadLetter(pair, "one");
    const planned = await redrive(pair, "--all", "--dry-run", "--no-json");
    expect(planned.code).toBe(0);
    expect(planned.stdout).toMatch(/heldTooLong/);
    expect(planned.stdout.replace(/\s+/g, " ")).toMatch(/Order is given up/);
    const asked = await redrive(pair, "--all");
    expect(asked).toMatchObject({
      code: 5,
      json: { confirmed: false, letters: [{ originalId: original.id, groupId: "trainee-1" }] },
    });
    // Given back at once, so that the next reader needn't wait.
    expect(await sqs.receive(pair.deadLetterQueueUrl)).toHaveLength(1);
    expect(await sqs.receive(pair.queueUrl)).toEqual([]);
  });

  it("brings back all, with group and original id, also more than a page of one group", async () => {
    const pair = await sqs.createPair({ fifo: true });
    const originals: string[] = [];
    for (let at = 0; at < 12; at += 1) originals.push((await sqs.deadLetter(pair, `m${at}`)).id);
    const run = await redrive(pair, "--all", "--yes", "--rate", "1000");
    expect(run).toMatchObject({ code: 0, json: { redriven: 12, problems: [] } });
    expect(await sqs.receive(pair.deadLetterQueueUrl)).toEqual([]);
    const [back] = await sqs.receive(pair.queueUrl);
    expect(back).toMatchObject({ body: "m0", groupId: "trainee-1" });
    const note: unknown = JSON.parse(back?.attributes["exactly-once"] ?? "");
    expect(note).toMatchObject({ originalMessageId: originals[0] });
  });

  it("brings back one by any of its names, and leaves the others visible", async () => {
    const pair = await sqs.createPair();
    const { attemptId } = await unknownEffect(local.store, "by-attempt");
    const first = await sqs.deadLetter(pair, "first");
    await sqs.deadLetter(pair, "second", [attemptId]);
    await sqs.deadLetter(pair, "third");
    expect(await redrive(pair, attemptId, "-y")).toMatchObject({ code: 0, json: { redriven: 1 } });
    expect(await redrive(pair, first.id, "-y")).toMatchObject({ code: 0, json: { redriven: 1 } });
    const back = await sqs.receive(pair.queueUrl);
    expect(back.map(({ body }) => body).sort()).toEqual(["first", "second"]);
    const left = await sqs.receive(pair.deadLetterQueueUrl);
    expect(left.map(({ body }) => body)).toEqual(["third"]);
    const none = await redrive(pair, "absent", "-y");
    expect(none).toMatchObject({ code: 0, json: { letters: [], redriven: 0 } });
  });

  it("--settled takes those that evidence or an operator settled after they died", async () => {
    const pair = await sqs.createPair();
    const byEvidence = await died(pair, "evidence");
    const byOperator = await died(pair, "operator");
    await died(pair, "open");
    await sqs.deadLetter(pair, "never-begun");
    const receipt = { id: "ses-1", at: Date.now(), via: "event" } as const;
    await local.store.settle(byEvidence.ref, { status: "accepted", receipt });
    const who = { by: "ann", why: "asked the doctor" };
    await local.store.resolve(byOperator.attemptId, "not-sent", who);

    const listed = async () => {
      const run = await redrive(pair, "--all", "--dry-run", ...withStore());
      const { letters } = run.json as { letters: { record: string }[] };
      return letters.map(({ record }) => record).sort();
    };
    expect(await listed()).toEqual(["settled", "settled", "unknown", "unsettled"]);
    const run = await redrive(pair, "--settled", "--yes", ...withStore());
    expect(run).toMatchObject({ code: 0, json: { redriven: 2 } });
    expect(await listed()).toEqual(["unknown", "unsettled"]);
    expect((await redrive(pair, "--settled", "--yes")).code).toBe(2);
  });

  it("keeps to the limit", async () => {
    const pair = await sqs.createPair();
    for (const body of ["a", "b", "c", "d"]) await sqs.deadLetter(pair, body);
    const run = await redrive(pair, "--all", "--limit", "3", "-y");
    expect(run).toMatchObject({ code: 0, json: { redriven: 3 } });
    expect(await sqs.receive(pair.queueUrl)).toHaveLength(3);
    expect(await sqs.receive(pair.deadLetterQueueUrl)).toHaveLength(1);
  });

  it("refuses what isn't clear, and says when SQS doesn't answer", async () => {
    const pair = await sqs.createPair();
    expect((await redrive(pair)).code).toBe(2);
    expect((await redrive(pair, "--all", "--settled")).code).toBe(2);
    expect((await redrive(pair, "--all", "--rate", "0")).code).toBe(2);
    expect((await place.run(["redrive", "--all", "-q", "nameless"])).code).toBe(2);
    const missing = await place.run(["redrive", "--all", "-q", `${pair.queueUrl}-not`]);
    expect(missing.code).toBe(4);
    expect(missing.stderr).toMatch(/no such queue/);
  });

  async function died(pair: QueuePair, trainee: string) {
    const unknown = await unknownEffect(local.store, trainee);
    const { key, pipeline } = unknown;
    const { id } = await sqs.deadLetter(pair, trainee, [unknown.attemptId]);
    await local.store.bury({
      ...{ key: key.digest, keyText: key.text, pipeline, messageId: id, reason: "held too long" },
    });
    return unknown;
  }
});
