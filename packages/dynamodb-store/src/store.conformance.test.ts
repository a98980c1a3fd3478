import { casSpoilings, storeSuite } from "@exactly-once/core/testing";
import { afterAll, beforeAll, describe, test } from "vitest";
import fc from "../../../scripts/seeded-fast-check.mjs";
import { givenDynamodb, type GivenDynamodb } from "./testing/given-dynamodb.fixture.js";
import { storeFixture } from "./testing/store-fixture.fixture.js";

describe("a store in a DynamoDB table conforms", () => {
  let given: GivenDynamodb;
  beforeAll(async () => {
    given = await givenDynamodb();
  });
  afterAll(() => given.stop());

  storeSuite({
    test,
    fc,
    runs: 30,
    unitMs: 60_000,
    factory: async (request) => storeFixture(given, request),
    spoilings: casSpoilings,
    capabilities: {
      durable: true,
      shared: true,
      clock: "caller",
      control: true,
      tripwire: true,
      outage: true,
    },
  });
});
