import { describe, expect, it } from "vitest";
import { z } from "zod";
import { definePipeline } from "../pipeline/pipeline.js";
import type { Sender } from "../ports/index.js";
import { testPipeline } from "./index.js";

const mailer: Sender<{ to: string; text: string }, { to: string; text: string }> = {
  prepare: async (payload) => ({ ...payload, text: payload.text.toUpperCase() }),
  send: () => Promise.reject(new Error("a test must not send")),
};

const greetings = definePipeline({
  name: "greetings",
  schema: z.object({ id: z.string().min(1), to: z.string() }),
  key: (event) => [event.id],
  effects: { email: mailer },
  handler: async (event, ctx) => {
    await ctx.once("email", { to: event.to, text: "hello" });
  },
});

const event = { id: "1", to: "a@example.org" };

describe("testPipeline", () => {
  it("tells what was sent, prepared by the pipeline's own sender", async () => {
    const { effects, disposition } = await testPipeline(greetings).deliver(event);
    expect(disposition).toBe("done");
    expect(effects).toMatchObject([{ effect: "email", prepared: { to: event.to, text: "HELLO" } }]);
  });

  it("shows one effect under ten redeliveries and a send slower than the visibility", async () => {
    const result = await testPipeline(greetings).deliver(event, { redeliver: 10, delayMs: 20_000 });
    expect(result.effects).toHaveLength(1);
    expect(result.disposition).toBe("done");
  });

  it.each(["after-receive", "after-claim", "after-settle", "after-complete"] as const)(
    "ends done with one effect when the process is killed %s",
    async (crashAt) => {
      const result = await testPipeline(greetings).deliver(event, { crashAt });
      expect(result).toMatchObject({ disposition: "done" });
      expect(result.effects).toHaveLength(1);
    },
  );

  it.each(["after-begin", "after-send"] as const)(
    "holds rather than sends twice when the process is killed %s",
    async (crashAt) => {
      const result = await testPipeline(greetings).deliver(event, { crashAt });
      expect(result.disposition).toBe("held");
      expect(result.effects.length).toBeLessThanOrEqual(1);
      expect(result.unresolved).toMatchObject([{ state: "unknown" }]);
    },
  );

  it("sends nothing again for a second delivery, and tells why bad input is dead-lettered", async () => {
    const test = testPipeline(greetings);
    await test.deliver(event);
    expect((await test.deliver(event)).effects).toEqual([]);
    const bad = await test.deliver({ id: "" });
    expect(bad.disposition).toBe("deadLettered");
    expect(bad.reason).toMatch(/^invalid: /);
  });

  it("lets a test choose what the provider answers", async () => {
    const outcome = () => ({ status: "rejected", reason: "blocked", permanent: true }) as const;
    const result = await testPipeline(greetings, { outcome }).deliver(event);
    expect(result).toMatchObject({ disposition: "deadLettered", effects: [] });
  });
});
