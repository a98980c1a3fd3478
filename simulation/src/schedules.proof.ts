import { availableParallelism } from "node:os";
import { expect, it } from "vitest";
import { runFleet } from "./seeds/fleet.js";

it("keeps every promise over 300 schedules of stores that compare and set", async () => {
  const { totals, failures } = await runFleet({
    ...{ first: 1, count: 300, repeatEvery: 25, scenario: "cas" },
    workers: Math.min(2, availableParallelism()),
  });
  expect(failures).toEqual([]);
  expect(totals).toMatchObject({ seeds: 300, repeated: 12 });
});

it("keeps every promise over 3,000 schedules, and repeats them to the trace", async () => {
  const { totals, failures } = await runFleet({
    first: 1,
    count: 3_000,
    workers: Math.min(2, availableParallelism()),
    repeatEvery: 25,
  });
  expect(failures).toEqual([]);
  expect(totals).toMatchObject({ seeds: 3_000, repeated: 120 });
  const happened = ["crashes", "pauses", "held", "deadLettered", "verdicts", "failovers"] as const;
  expect(happened.filter((name) => totals[name] === 0)).toEqual([]);
});
