import { afterEach, describe, expect, it } from "vitest";
import { rig, type Rig, type RigOptions } from "./consumer.fixture.js";

const rigs: Rig[] = [];

function start(options: RigOptions = {}): Rig {
  const made = rig(options);
  rigs.push(made);
  return made;
}

afterEach(async () => {
  for (const { consumer, clock } of rigs.splice(0)) {
    await clock.run(consumer.stop({ deadlineMs: 10_000 }));
  }
});

const forEver = new Promise<never>(() => undefined);

describe("what would hang for ever", () => {
  it.each(["prepare", "send", "decode"] as const)(
    "in %s gives its worker and its group back",
    async (where) => {
      let hangs = true;
      const r = start({
        pipeline: { maxProcessingMs: 60_000 },
        consumer: {
          concurrency: 1,
          decode: async (body) => {
            if (where === "decode" && hangs) return forEver;
            return JSON.parse(body) as unknown;
          },
        },
      });
      const { prepare } = r.office;
      r.office.prepare = (letter) => (where === "prepare" && hangs ? forEver : prepare(letter));
      r.office.behaviour = () => (where === "send" && hangs ? forEver : undefined);
      r.send("stuck", { groupId: "a" });
      await r.clock.run(r.consumer.start());
      await r.clock.advance(5_000);
      hangs = false;
      r.send("other", { groupId: "b" });
      await r.clock.advance(20 * 60_000);
      expect(r.office.accepted.map(({ letter }) => letter.text)).toContain("other");
      expect(r.consumer.health().running).toBe(0);
    },
  );

  it("in an effect that nobody awaits ends with maxProcessingMs too", async () => {
    const r = start({
      pipeline: {
        maxProcessingMs: 60_000,
        handler: async (event, ctx) => {
          void ctx.once("email", { to: event.to, text: event.text });
        },
      },
    });
    r.office.prepare = () => forEver;
    r.send("stuck");
    await r.clock.run(r.consumer.start());
    await r.clock.advance(3 * 60_000);
    expect(r.seen("retry").length).toBeGreaterThan(0);
  });
});

describe("a fault while a message is dead-lettered", () => {
  it("leaves its group able to go on", async () => {
    const r = start();
    const { deadLetter } = r.queue;
    let throws = true;
    Object.assign(r.queue, {
      deadLetter: (...args: Parameters<typeof deadLetter>) => {
        if (throws) throw new TypeError("not a promise");
        return deadLetter(...args);
      },
    });
    r.queue.send("not json", { groupId: "g", dedupId: "bad" });
    r.send("good");
    await r.clock.run(r.consumer.start());
    await r.clock.advance(5_000);
    throws = false;
    await r.clock.advance(10 * 60_000);
    expect(r.queue.deadLetters()).toHaveLength(1);
    expect(r.office.accepted.map(({ letter }) => letter.text)).toEqual(["good"]);
  });
});

describe("a queue that answers an empty receive at once", () => {
  it("is not asked without pause", async () => {
    const r = start({ consumer: { waitMs: 0 } });
    await r.clock.run(r.consumer.start());
    await r.clock.advance(10_000);
    expect(r.queue.calls.receive).toBeLessThanOrEqual(60);
  });
});
