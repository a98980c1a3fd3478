import { createVirtualClock } from "@exactly-once/core/testing";
import { expect, it } from "vitest";
import { createHistoryRecorder } from "./history-recorder.js";
import type { HistoryFact } from "./history-fact.js";
import { keyOf, seen } from "./send-history.fixture.js";

/** A recorder whose history can be made to fail, or to hang. */
function setUp(capacity?: number) {
  const clock = createVirtualClock();
  const written: string[] = [];
  const troubles: unknown[] = [];
  let mood: "writes" | "fails" | "hangs" = "writes";
  const recorder = createHistoryRecorder({
    clock,
    history: {
      async add(facts: readonly HistoryFact[]) {
        if (mood === "fails") throw new Error("down");
        if (mood === "hangs") await new Promise(() => undefined);
        written.push(...facts.map(({ key }) => key));
      },
    },
    onTrouble: ({ lost, error }) => troubles.push({ lost, failed: error !== undefined }),
    ...(capacity === undefined ? {} : { capacity }),
  });
  return {
    ...{ clock, written, troubles, recorder },
    record: (...numbers: readonly number[]) => {
      for (const number of numbers) recorder.record(seen(number));
    },
    history: (next: typeof mood) => (mood = next),
  };
}

it("facts wait for a history that is down, and are written when it is back", async () => {
  const { clock, history, record, written, troubles } = setUp();
  history("fails");
  record(1, 2);
  await clock.advance(2_000);
  record(3);
  history("writes");
  await clock.advance(30_000);
  expect(written).toEqual([1, 2, 3].map(keyOf));
  expect(troubles.length).toBeGreaterThanOrEqual(2);
  expect(troubles).not.toContainEqual({ lost: 1, failed: true });
});

it("beyond the capacity the oldest are lost, and said to be", async () => {
  const { clock, history, record, written, troubles } = setUp(3);
  history("fails");
  record(1, 2, 3, 4, 5);
  await clock.advance(100);
  expect(troubles).toEqual([{ lost: 2, failed: true }]);
  history("writes");
  await clock.advance(1_000);
  expect(written).toEqual([3, 4, 5].map(keyOf));
});

it("stopping writes what is left", async () => {
  const { recorder, record, written, troubles } = setUp();
  record(1);
  await recorder.stop({ deadlineMs: 1_000 });
  expect(written).toEqual([keyOf(1)]);
  expect(troubles).toEqual([]);
});

it("stopping doesn't wait for a history that hangs", async () => {
  const { clock, recorder, history, record, troubles } = setUp();
  history("hangs");
  record(1, 2);
  const stopped = recorder.stop({ deadlineMs: 1_000 });
  await clock.advance(1_000);
  await stopped;
  expect(troubles).toEqual([{ lost: 2, failed: false }]);
});
