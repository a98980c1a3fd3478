import { afterEach, describe, expect, it } from "vitest";
import { eventBridge } from "../pipeline/decode.js";
import { rig, type Rig, type RigOptions } from "./consumer.fixture.js";

const rigs: Rig[] = [];
afterEach(async () => {
  await Promise.all(rigs.splice(0).map((r) => r.clock.run(r.consumer.stop())));
});

async function start(pipeline: RigOptions["pipeline"] = {}): Promise<Rig> {
  const r = rig({ fifo: false, pipeline, consumer: { decode: eventBridge() } });
  rigs.push(r);
  await r.clock.run(r.consumer.start());
  return r;
}

/** An event of EventBridge, as a rule hands it to a queue. */
function deliver(
  r: Rig,
  id: string,
  {
    replay,
    edition,
    happenedMsAgo = 0,
    text = id,
  }: {
    readonly replay?: string;
    readonly edition?: string;
    readonly happenedMsAgo?: number;
    readonly text?: string;
  } = {},
): Promise<void> {
  const event = {
    id: `event-${id}`,
    "detail-type": "LetterDue",
    source: "tests",
    time: new Date(r.clock.now() - happenedMsAgo).toISOString(),
    detail: { id, to: "a@example.org", text },
    ...(replay === undefined ? {} : { "replay-name": replay }),
  };
  const attributes = edition === undefined ? {} : { "exactly-once-edition": edition };
  r.queue.send(JSON.stringify(event), { attributes });
  return r.clock.advance(2_000);
}

describe("an event that an archive replayed", () => {
  it("is dead-lettered where its key isn't done, and leaves nothing behind", async () => {
    const r = await start();
    await deliver(r, "old", { replay: "after the outage" });
    expect(r.office.accepted).toEqual([]);
    expect(r.seen("deadLettered")).toMatchObject([{ code: "replay" }]);
    expect(r.store.size).toBe(0);

    // So the same event is sent once somebody says that it is meant.
    await deliver(r, "old");
    expect(r.office.accepted).toHaveLength(1);
  });

  it("is a copy like any other where its key is done", async () => {
    const r = await start();
    await deliver(r, "known");
    await deliver(r, "known", { replay: "again" });
    expect(r.office.accepted).toHaveLength(1);
    expect(r.seen("duplicateSuppressed")).toHaveLength(1);
    expect(r.seen("deadLettered")).toEqual([]);
  });

  it("is a conflict where its key is done with other content, and no copy", async () => {
    const r = await start();
    await deliver(r, "known");
    await deliver(r, "known", { replay: "again", text: "something else" });
    expect(r.office.accepted).toHaveLength(1);
    expect(r.seen("duplicateSuppressed")).toEqual([]);
    expect(r.seen("deadLettered")).toMatchObject([{ code: "conflict" }]);
  });

  it("is sent where the pipeline allows it, or where it comes as an edition", async () => {
    const allowing = await start({ replays: "allow" });
    await deliver(allowing, "old", { replay: "again" });
    expect(allowing.office.accepted).toHaveLength(1);

    const refusing = await start();
    await deliver(refusing, "old", { replay: "again", edition: "bounces of May" });
    expect(refusing.office.accepted).toHaveLength(1);
  });

  it("is too old by its own time, however new the message is", async () => {
    const r = await start({ replays: "allow", maxEventAgeMs: 6 * 3_600_000 });
    await deliver(r, "old", { replay: "again", happenedMsAgo: 29 * 24 * 3_600_000 });
    expect(r.office.accepted).toEqual([]);
    expect(r.seen("deadLettered")).toMatchObject([{ code: "tooOld" }]);
  });
});

describe("an edition", () => {
  it("is sent once beside the event without it, and copies of it are suppressed", async () => {
    const r = await start();
    await deliver(r, "letter");
    await deliver(r, "letter", { edition: "bounces of May" });
    await deliver(r, "letter", { edition: "bounces of May" });
    expect(r.office.accepted).toHaveLength(2);
    expect(r.seen("duplicateSuppressed")).toHaveLength(1);
    // The tripwire knows that the same content is meant.
    expect(r.seen("tripwire")).toEqual([]);
  });

  it("doesn't hide two copies under one edition from the tripwire", async () => {
    const r = await start({ key: ({ id }) => [id, wrongPart()] });
    await deliver(r, "letter", { edition: "May" });
    await deliver(r, "letter", { edition: "May" });
    expect(r.office.accepted).toHaveLength(1);
    expect(r.seen("tripwire")).toHaveLength(1);
  });
});

let calls = 0;
/** A wrong key: another one each time. */
const wrongPart = () => (calls += 1);
