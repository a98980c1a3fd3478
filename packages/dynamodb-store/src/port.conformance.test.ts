import { casPortSuite } from "@exactly-once/core/testing";
import { afterAll, beforeAll, describe, test } from "vitest";
import { portFixture } from "./testing/store-fixture.fixture.js";
import { givenDynamodb, type GivenDynamodb } from "./testing/given-dynamodb.fixture.js";

describe("the port on DynamoDB conforms", () => {
  let given: GivenDynamodb;
  beforeAll(async () => {
    given = await givenDynamodb();
  });
  afterAll(() => given.stop());

  casPortSuite({ test, factory: async () => portFixture(given) });
});
