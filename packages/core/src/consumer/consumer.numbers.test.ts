import { afterEach, describe, expect, it } from "vitest";
import type { HandlerContext } from "../pipeline/handler-context.js";
import { rig, type Rig, type RigOptions } from "./consumer.fixture.js";

const HOUR_MS = 3_600_000;
const rigs: Rig[] = [];

async function start(options: RigOptions = {}): Promise<Rig> {
  const r = rig(options);
  rigs.push(r);
  await r.clock.run(r.consumer.start());
  return r;
}

afterEach(async () => {
  for (const { consumer, clock } of rigs.splice(0)) {
    await clock.run(consumer.stop({ deadlineMs: 10_000 }));
  }
});

const NO_DELAYS = [NaN, Infinity, -Infinity, -1, "soon" as unknown as number];

describe("a delay that is no number of milliseconds", () => {
  it.each(NO_DELAYS)("from a provider that throttles (%s) is taken for a minute", async (ms) => {
    const r = await start();
    r.office.behaviour = (request) =>
      request === 1
        ? {
            status: "rejected",
            reason: "throttled",
            throttle: { scope: "rate", retryAfterMs: ms },
          }
        : undefined;
    r.send("1");
    await r.clock.advance(59_000);
    expect(r.office.accepted).toHaveLength(0);
    expect(r.consumer.health().ready).toBe(false);
    await r.clock.advance(10_000);
    expect(r.office.accepted).toHaveLength(1);
    expect(r.consumer.health().ready).toBe(true);
  });

  it.each(NO_DELAYS)("from a sender's admission (%s) is taken for a minute", async (ms) => {
    const r = await start();
    let asked = 0;
    r.office.admit = async () => ((asked += 1) === 1 ? { deferMs: ms, reason: "rate" } : undefined);
    r.send("1");
    await r.clock.advance(59_000);
    expect(r.office.accepted).toHaveLength(0);
    await r.clock.advance(10_000);
    expect(r.office.accepted).toHaveLength(1);
  });

  it.each([...NO_DELAYS, 12 * HOUR_MS + 1, 24 * HOUR_MS])(
    "is refused by name where a handler defers (%s)",
    async (ms) => {
      const errors: unknown[] = [];
      const r = await start({
        maxReceiveCount: 3,
        pipeline: {
          handler: async (_event, ctx: HandlerContext) => {
            try {
              ctx.defer(ms, "not yet");
            } catch (error) {
              errors.push(error);
              throw error;
            }
          },
        },
      });
      r.send("1");
      await r.clock.advance(HOUR_MS);
      expect(String(errors[0])).toContain("ctx.defer");
      expect(String(errors[0])).toContain("43,200,000");
      // A handler that is wrong fails like any other, so that somebody looks at it.
      expect(r.queue.deadLetters()).toHaveLength(1);
    },
  );

  it("isn't twelve hours: they are a delay like any other, and cost no try", async () => {
    let defers = 0;
    const r = await start({
      maxReceiveCount: 3,
      pipeline: {
        handler: async (event, ctx) => {
          if ((defers += 1) === 1) ctx.defer(12 * HOUR_MS, "tomorrow");
          await ctx.once("email", { to: event.to, text: event.text });
        },
      },
    });
    r.send("1");
    await r.clock.advance(11 * HOUR_MS);
    expect(defers).toBe(1);
    await r.clock.advance(HOUR_MS + 60_000);
    expect(r.office.accepted).toHaveLength(1);
  });
});
