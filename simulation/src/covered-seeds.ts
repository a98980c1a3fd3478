import { expect, it } from "vitest";
import { runSeeds } from "./seeds/run-seeds.js";

/** In this process, as coverage is counted here; enough for every scenario fifty times or more. */
const SEEDS = 1_000;

it(`runs ${SEEDS} seeds of the mix`, async () => {
  const { failures } = await runSeeds({ first: 1, count: SEEDS, repeatEvery: 0 });
  expect(failures).toEqual([]);
});
