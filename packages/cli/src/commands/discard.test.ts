import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  beginEffect,
  createWorkplace,
  startStore,
  unknownEffect,
  type LocalStore,
  type Workplace,
} from "../cli.fixture.js";
import { startSqs, type LocalSqs, type QueuePair } from "../sqs.fixture.js";

describe("discard", () => {
  let sqs: LocalSqs;
  let local: LocalStore;
  let place: Workplace;
  beforeAll(async () => {
    [sqs, local] = await Promise.all([startSqs(), startStore()]);
    place = await createWorkplace({ AWS_ENDPOINT_URL: sqs.endpoint, REDIS_URL: local.url });
  });
  afterAll(async () => {
    await place.close();
    await Promise.all([sqs.close(), local.stop()]);
  });

  const discard = ({ queueUrl }: QueuePair, ...args: string[]) =>
    place.run([
      ...["discard", "--queue", queueUrl, "--why", "left the service", "--by", "ann"],
      ...["--audit", "discarded.jsonl", ...args],
    ]);
  const audited = async () =>
    (await readFile(join(place.folder, "discarded.jsonl"), "utf8").catch(() => ""))
      .split("\n")
      .filter((line) => line !== "")
      .map((line): unknown => JSON.parse(line));

  it("lists, asks, writes what it deletes, and leaves the others", async () => {
    const pair = await sqs.createPair();
    const gone = await sqs.deadLetter(pair, "doctor@example.org");
    await sqs.deadLetter(pair, "kept");
    expect(await discard(pair, gone.id)).toMatchObject({ code: 5, json: { confirmed: false } });
    expect(await audited()).toEqual([]);
    expect(await discard(pair, gone.id, "-y")).toMatchObject({ code: 0, json: { discarded: 1 } });
    const left = await sqs.receive(pair.deadLetterQueueUrl);
    expect(left.map(({ body }) => body)).toEqual(["kept"]);
    const entries = await audited();
    expect(entries).toMatchObject([
      { by: "ann", why: "left the service", originalId: gone.id, body: { bytes: 18 } },
    ]);
    expect(JSON.stringify(entries)).not.toContain("doctor");
  });

  it("refuses a letter whose effect is unknown, and one whose key is handled just now", async () => {
    const pair = await sqs.createPair();
    const unknown = await unknownEffect(local.store, "unknown");
    const live = await beginEffect(local.store, "live");
    await sqs.deadLetter(pair, "one", [unknown.attemptId]);
    await sqs.deadLetter(pair, "two", [live.attemptId]);
    const run = await discard(pair, unknown.attemptId, live.attemptId, "-y");
    expect(run).toMatchObject({ code: 3, json: { discarded: 0, refused: [{}, {}] } });
    expect(await sqs.receive(pair.deadLetterQueueUrl)).toHaveLength(2);
  });

  it("deletes nothing where its audit can't be written", async () => {
    const pair = await sqs.createPair();
    const letter = await sqs.deadLetter(pair, "one");
    const run = await discard(pair, letter.id, "-y", "--audit", "absent/folder.jsonl");
    expect(run.code).toBe(2);
    expect(run.stderr).toMatch(/can't be written: nothing more was deleted/);
    expect(await sqs.receive(pair.deadLetterQueueUrl)).toHaveLength(1);
  });
});
