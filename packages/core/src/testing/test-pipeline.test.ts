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

  it.each(["after-receive", "after-claim", "after-settle", "after-complete"] as const)(
    "goes on past another replica's claim when redelivered and killed %s",
    async (crashAt) => {
      const result = await testPipeline(greetings).deliver(event, { crashAt, redeliver: 3 });
      expect(result.disposition).toBe("done");
      expect(result.effects).toHaveLength(1);
    },
  );

  it("shows what was given to once beside what was made of it", async () => {
    const { effects } = await testPipeline(greetings).deliver(event);
    expect(effects).toMatchObject([
      {
        pipeline: "greetings",
        payload: { to: event.to, text: "hello" },
        prepared: { to: event.to, text: "HELLO" },
      },
    ]);
  });

  it("gives a handler its message as a queue would", async () => {
    const seen: unknown[] = [];
    const test = testPipeline(
      {
        ...greetings,
        handler: async (_, { message, namespace, skip }) => {
          seen.push({ namespace, ...message });
          skip("only looks");
          await Promise.resolve();
        },
      },
      { namespace: "letters" },
    );
    const sentAt = Date.UTC(2026, 10, 27);
    await test.deliver(event, { attributes: { tenant: "a" }, groupId: "g", sentAt });
    expect(seen).toMatchObject([
      { namespace: "letters", attributes: { tenant: "a" }, groupId: "g", sentAt },
    ]);
  });

  it("lets an edition be sent again under the same key", async () => {
    const test = testPipeline(greetings);
    await test.deliver(event);
    const attributes = { "exactly-once-edition": "corrected" };
    expect((await test.deliver(event, { attributes })).effects).toHaveLength(1);
    expect((await test.deliver(event, { attributes })).effects).toHaveLength(0);
  });

  it("runs the pipeline that select names", async () => {
    const goodbyes = definePipeline({ ...greetings, name: "goodbyes" });
    const test = testPipeline([greetings, goodbyes], { select: () => "goodbyes" });
    const { effects } = await test.deliver(event);
    expect(effects.map(({ pipeline }) => pipeline)).toEqual(["goodbyes"]);
  });

  it("goes on with what an operator settled", async () => {
    const killed = await testPipeline(greetings).deliver(event, { crashAt: "after-begin" });
    expect(killed.disposition).toBe("held");
    const settled = await killed.resolve("not-sent");
    expect(settled).toMatchObject({ disposition: "done", unresolved: [] });
    expect(settled.effects).toHaveLength(1);
  });

  it("sends nothing more once an operator said that it was sent", async () => {
    const killed = await testPipeline(greetings).deliver(event, { crashAt: "after-send" });
    const settled = await killed.resolve("sent");
    expect(settled).toMatchObject({ disposition: "done", effects: [] });
  });

  it("says what is wrong with a resolve", async () => {
    const done = await testPipeline(greetings).deliver(event);
    await expect(done.resolve("sent")).rejects.toThrow("no effect is unknown or blocked");
  });

  it("tells what becomes of a held message that nobody settles", async () => {
    const killed = await testPipeline(greetings).deliver(event, { crashAt: "after-begin" });
    const later = await killed.after(2 * 60 * 60_000);
    expect(later).toMatchObject({ disposition: "deadLettered", effects: [] });
    expect(later.reason).toMatch(/^heldTooLong: /);
  });

  it("asks the provider where a test says what it answers", async () => {
    const test = testPipeline(greetings, {
      lookup: () => ({
        status: "accepted",
        receipt: { id: "looked-up", at: 0, via: "provider" },
      }),
    });
    const killed = await test.deliver(event, { crashAt: "after-send" });
    expect(killed.disposition).toBe("done");
    expect(killed.effects).toHaveLength(1);
  });

  it("shows a handler's error whole, and nothing once a later run went well", async () => {
    const cause = new Error("the directory is down");
    let runs = 0;
    const test = (failures: number) =>
      testPipeline({
        ...greetings,
        handler: async (given, context) => {
          runs += 1;
          if (runs <= failures) throw new Error("no user", { cause });
          await greetings.handler(given as typeof event, context);
        },
      });
    const failed = await test(Infinity).deliver(event);
    expect(failed.error).toMatchObject({ message: "no user", cause });
    runs = 0;
    const recovered = await test(1).deliver(event);
    expect(recovered).toMatchObject({ disposition: "done" });
    expect(recovered.error).toBeUndefined();
  });

  it("lets a test choose what the provider answers", async () => {
    const outcome = () => ({ status: "rejected", reason: "blocked", permanent: true }) as const;
    const result = await testPipeline(greetings, { outcome }).deliver(event);
    expect(result).toMatchObject({ disposition: "deadLettered", effects: [] });
  });
});
