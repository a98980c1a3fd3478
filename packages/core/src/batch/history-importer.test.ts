import { describe, expect, it } from "vitest";
import { rig } from "../consumer/consumer.fixture.js";
import type { QueueMessage } from "../ports/index.js";
import { createHistoryImporter } from "./history-importer.js";

function setUp() {
  const r = rig();
  const { store, pipeline } = r;
  const importer = createHistoryImporter({ namespace: "test", pipelines: [pipeline], store });
  const messageOf = (body: string): QueueMessage => ({
    ...{ id: "old-1", handle: "", body, attributes: {} },
    ...{ receiveCount: 1, sentAt: 0 },
  });
  const eventOf = (id: string) => JSON.stringify({ id, to: "a@example.org", text: id });
  return { ...r, importOf: (body: string) => importer.import(messageOf(body)), eventOf };
}

describe("an import of what an older system sent", () => {
  it("makes its keys done: what comes from the queue is acknowledged, and the rest is sent", async () => {
    const { importOf, eventOf, send, clock, consumer, office, queue, seen } = setUp();
    expect(await importOf(eventOf("1"))).toBe("imported");
    expect(await importOf(eventOf("1"))).toBe("alreadyDone");
    send("1");
    send("2");
    await clock.run(consumer.start());
    await clock.advance(5_000);
    expect(office.accepted.map(({ letter }) => letter.text)).toEqual(["2"]);
    expect(seen("duplicateSuppressed")).toHaveLength(1);
    expect(queue.messages()).toEqual([]);
    await clock.run(consumer.stop());
  });

  it("leaves alone what is handled, or was handled and isn't done", async () => {
    const { importOf, eventOf, send, clock, consumer, office } = setUp();
    office.behaviour = () => "acceptSilently";
    send("1");
    await clock.run(consumer.start());
    await clock.advance(5_000);
    expect(await importOf(eventOf("1"))).toEqual({
      failed: "a record stands there already, released",
    });
    await clock.run(consumer.stop());
  });

  it("says what no pipeline could handle, and nothing of what it is", async () => {
    const { importOf, store } = setUp();
    for (const body of ["doctor@example.org", '{"id":"doctor@example.org"}']) {
      const reply = await importOf(body);
      expect(JSON.stringify(reply)).toMatch(/undecodable|invalid/);
      expect(JSON.stringify(reply)).not.toContain("doctor");
    }
    expect(store.size).toBe(0);
  });
});
