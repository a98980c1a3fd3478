import { describe, test } from "vitest";
import fc from "../../../../scripts/seeded-fast-check.mjs";
import { casSpoilings } from "../testing/cas-spoilings.js";
import { memoryCasFixture } from "./memory-cas.fixture.js";
import { storeSuite } from "../testing/store-suite.js";

describe.each(["caller", "store"] as const)("a cas store on the %s's clock conforms", (clockOf) => {
  storeSuite({
    test,
    fc,
    runs: 300,
    factory: async (request) => memoryCasFixture(request, clockOf),
    spoilings: casSpoilings,
    capabilities: {
      durable: false,
      shared: true,
      clock: clockOf,
      control: true,
      tripwire: true,
      outage: true,
    },
  });
});
