import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createWorkplace, startStore, type LocalStore, type Workplace } from "../cli.fixture.js";
import { startSqs, type LocalSqs, type QueuePair } from "../sqs.fixture.js";

describe("republish", () => {
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

  const line = (key: unknown, body: unknown, more: object = {}) =>
    JSON.stringify({ key, body, ...more });
  const republish = (pair: QueuePair, edition: string, file: string, ...args: string[]) =>
    place.run([
      ...["republish", file, "--queue", pair.queueUrl, "-n", "tis", "--edition", edition],
      ...["--why", "they bounced", "--by", "ann", "--rate", "1000", ...args],
    ]);

  it("lists first, then sends each event under the edition, once, whatever is repeated", async () => {
    const pair = await sqs.createPair({ fifo: true });
    const lines = [
      line(["47165", "a"], { id: 1 }, { groupId: "g", attributes: { kind: "form" } }),
      line(["47165", "b"], '{"id":2}', { groupId: "h" }),
      line(["47165", "a"], { id: 3 }, { groupId: "i" }),
    ];
    const file = await place.write("bounced.jsonl", `${lines.join("\n")}\n`);
    const dry = await republish(pair, "bounces 1", file, "--dry-run", "--no-json");
    expect(dry.stdout).toMatch(/to send +2 to/);
    expect(dry.stdout).toMatch(/left out +1, whose key stands before: lines 3/);
    expect(await republish(pair, "bounces 1", file)).toMatchObject({ code: 5 });
    expect(await sqs.receive(pair.queueUrl)).toEqual([]);

    const run = await republish(pair, "bounces 1", file, "--yes");
    expect(run).toMatchObject({ code: 0, json: { sent: 2, suppressed: [3], problem: null } });
    const again = await republish(pair, "bounces 1", file, "--yes");
    expect(again).toMatchObject({ code: 0, json: { sent: 0, done: true } });
    const [first, ...others] = await sqs.receive(pair.queueUrl);
    expect(others.map(({ body }) => body)).toEqual(['{"id":2}']);
    expect(first).toMatchObject({
      ...{ body: '{"id":1}', groupId: "g" },
      attributes: { kind: "form", "exactly-once-edition": "bounces 1" },
    });
  });

  it("keeps a name for its file, and says who sent it and why", async () => {
    const pair = await sqs.createPair();
    const file = await place.write("one.jsonl", line("a", "x"));
    const other = await place.write("other.jsonl", line("b", "y"));
    expect(await republish(pair, "bounces 2", file, "-y")).toMatchObject({ code: 0 });
    const refused = await republish(pair, "bounces 2", other, "-y");
    expect(refused).toMatchObject({ code: 3, json: { sent: 0 } });
    expect(await sqs.receive(pair.queueUrl)).toHaveLength(1);
    const shown = await place.run(["show", '["tis",":republish","bounces 2"]', "--no-json"]);
    expect(shown.stdout).toMatch(/ann: they bounced/);
  });

  it("goes on after a fault where it is run again, with the same deduplication ids", async () => {
    const pair = await sqs.createPair({ fifo: true });
    const file = await place.write(
      "big.jsonl",
      [line("a", "x"), line("b", "y".repeat(1_100_000)), line("c", "z")].join("\n"),
    );
    for (let twice = 0; twice < 2; twice += 1) {
      const run = await republish(pair, "bounces 3", file, "-y");
      expect(run).toMatchObject({ code: 4, json: { sent: 1 } });
      expect((run.json as { problem: string }).problem).toMatch(/^line 2: /);
    }
    expect(await sqs.receive(pair.queueUrl)).toHaveLength(1);
  });

  it("refuses a file or a name as a whole, and quotes nothing of it", async () => {
    const pair = await sqs.createPair();
    const file = await place.write(
      "bad.jsonl",
      [line("a", "x"), "doctor@example.org", line("", "y"), '{"key":"a"}'].join("\n"),
    );
    const run = await republish(pair, "bounces 4", file, "-y");
    expect(run.code).toBe(2);
    expect(run.stderr).toMatch(/line 2 isn't JSON\n.*line 3: check key\n.*line 4: check body/s);
    expect(run.stderr).not.toContain("doctor");
    const named = await republish(pair, "-bad-", file, "-y");
    expect(named.stderr).toMatch(/--edition must be/);
    expect(await sqs.receive(pair.queueUrl)).toEqual([]);
  });
});
