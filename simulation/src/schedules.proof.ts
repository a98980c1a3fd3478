import { availableParallelism } from "node:os";
import { expect, it } from "vitest";
import { runFleet } from "./seeds/fleet.js";

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
