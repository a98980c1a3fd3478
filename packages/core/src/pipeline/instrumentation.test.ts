import { AsyncLocalStorage } from "node:async_hooks";
import { describe, expect, it } from "vitest";
import { rig } from "../consumer/consumer.fixture.js";
import { within, type Instrumentation } from "./instrumentation.js";

async function sent(instrument: Instrumentation): Promise<ReturnType<typeof rig>> {
  const r = rig({ consumer: { instrument } });
  await r.clock.run(r.consumer.start());
  r.send("a");
  await r.clock.advance(10_000);
  await r.clock.run(r.consumer.stop());
  return r;
}

describe("an instrumentation", () => {
  it("is around a message's turn, and within it around each attempt", async () => {
    const context = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    const r = await sent({
      turn: (message, run) => context.run(message.id, async () => seen.push((await run()).kind)),
      attempt: (_, run) => {
        seen.push(context.getStore());
        return context.run("attempt", async () => seen.push((await run()).status));
      },
    });
    const [{ messageId = "" } = {}] = r.seen("done");
    expect(seen).toEqual([messageId, "accepted", "acknowledge"]);
  });

  it.each<readonly [string, Instrumentation]>([
    ["throws", { turn: fail, attempt: fail }],
    ["rejects", { turn: () => Promise.reject(new Error("x")), attempt: fail }],
    ["never runs it", { turn: () => undefined, attempt: () => undefined }],
    ["throws after it ran it", { turn: (_, run) => fail(run()), attempt: (_, run) => fail(run()) }],
    ["runs it twice", { turn: (_, run) => [run(), run()], attempt: (_, run) => [run(), run()] }],
    ["never answers", { turn: never, attempt: never }],
  ])("that %s changes nothing", async (_, instrument) => {
    const r = await sent(instrument);
    expect(r.office.requests).toBe(1);
    expect(r.queue.messages()).toEqual([]);
  });

  it("leaves the caller what was thrown", async () => {
    const failing = () => Promise.reject(new Error("the provider's"));
    await expect(within((run) => run(), failing)).rejects.toThrow("the provider's");
    await expect(within(undefined, failing)).rejects.toThrow("the provider's");
  });
});

function fail(..._: readonly unknown[]): never {
  throw new Error("x");
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}
