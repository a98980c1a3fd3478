import { describe, expect, it } from "vitest";
import { createBatcher, type BatcherOptions } from "./batcher.js";
import { createVirtualClock } from "../testing/virtual-clock.js";

type Options = Partial<BatcherOptions<number, number>>;

/** A batcher whose calls answer when they are told to. */
function rig(options: Options = {}) {
  const clock = createVirtualClock();
  const calls: number[][] = [];
  const answers: (() => void)[] = [];
  const stopping = new AbortController();
  const batcher = createBatcher<number, number>({
    clock,
    max: 3,
    lingerMs: 10,
    stopping: stopping.signal,
    call: async (items) => {
      calls.push([...items]);
      await new Promise<void>((resolve) => answers.push(resolve));
      return items;
    },
    ...options,
  });
  return { clock, calls, answers, batcher, stopping };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("a batcher", () => {
  it("lets an item wait for company, but not beyond a full batch", async () => {
    const { batcher, calls, clock } = rig();
    void batcher.add(1);
    await turn();
    expect(calls).toEqual([]);
    await clock.advance(10);
    expect(calls).toEqual([[1]]);
    for (const item of [2, 3, 4, 5]) void batcher.add(item);
    expect(calls).toEqual([[1], [2, 3, 4]]);
  });

  it("leaves no timer once it is to stop, and lets nothing wait any more", async () => {
    const { batcher, calls, clock, stopping } = rig();
    void batcher.add(1);
    void batcher.flush();
    await turn();
    expect([calls, clock.sleeping]).toEqual([[[1]], 1]);
    stopping.abort();
    await turn();
    expect(clock.sleeping).toBe(0);
    for (const item of [2, 3]) {
      void batcher.add(item);
      await turn();
    }
    expect(calls).toEqual([[1], [2], [3]]);
  });

  it("lets what came after the timer was set wait for as long as any", async () => {
    const { batcher, calls, clock } = rig();
    void batcher.add(1);
    void batcher.flush();
    await clock.advance(6);
    void batcher.add(2);
    await clock.advance(9);
    expect(calls).toEqual([[1]]);
    await clock.advance(1);
    expect(calls).toEqual([[1], [2]]);
  });

  it("without linger sends what was added in one turn at once, and together", async () => {
    const { batcher, calls, clock } = rig({ lingerMs: 0 });
    void batcher.add(1);
    void batcher.add(2);
    await turn();
    // Whether the first call has answered or not.
    void batcher.add(3);
    await turn();
    expect(calls).toEqual([[1, 2], [3]]);
    expect(clock.sleeping).toBe(0);
  });

  it("without linger doesn't fill a call beyond its maximum", async () => {
    const { batcher, calls } = rig({ lingerMs: 0 });
    for (const item of [1, 2, 3, 4, 5]) void batcher.add(item);
    await turn();
    expect(calls).toEqual([
      [1, 2, 3],
      [4, 5],
    ]);
  });
});
