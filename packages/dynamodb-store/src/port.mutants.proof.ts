import { casPortSuite, casSpoilings, storeSuite } from "@exactly-once/core/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import fc from "../../../scripts/seeded-fast-check.mjs";
import { dynamodbPort } from "./port.js";
import { emulatedClient } from "./testing/emulated-client.fixture.js";
import { givenDynamodb, type GivenDynamodb } from "./testing/given-dynamodb.fixture.js";
import { portMutants, type PortMutant } from "./testing/port-mutants.fixture.js";
import { portFixture, storeFixture, type MakePort } from "./testing/store-fixture.fixture.js";

let given: GivenDynamodb;

beforeAll(async () => {
  given = await givenDynamodb();
});

afterAll(() => given.stop());

interface SuiteTest {
  readonly name: string;
  readonly body: () => Promise<void>;
}

/** The port with a bug, over a client that has DynamoDB's habits. */
const withBug =
  ({ send, answer }: Partial<PortMutant>): MakePort =>
  (options) => {
    const client = emulatedClient(options.client, send);
    const port = dynamodbPort({ ...options, client });
    return { ...port, ...answer?.(port) };
  };

function suites(make: MakePort): readonly SuiteTest[] {
  const collected: SuiteTest[] = [];
  const test = (name: string, body: () => Promise<void>) => collected.push({ name, body });
  casPortSuite({ test, factory: async () => portFixture(given, make) });
  storeSuite({
    test,
    fc,
    runs: 5,
    unitMs: 60_000,
    spoilings: casSpoilings.slice(0, 2),
    factory: async (request) => storeFixture(given, request, make),
    capabilities: {
      durable: true,
      shared: true,
      clock: "caller",
      control: true,
      tripwire: true,
      outage: true,
    },
  });
  return collected;
}

async function firstFailure(make: MakePort): Promise<string | undefined> {
  for (const { name, body } of suites(make)) {
    try {
      await body();
    } catch {
      return name;
    }
  }
  return undefined;
}

describe("the conformance suites", () => {
  it("find nothing wrong with the port as it is", async () => {
    expect(await firstFailure(withBug({}))).toBeUndefined();
  });

  it.each(portMutants.map((mutant) => [mutant.breaks, mutant] as const))(
    "fail where this doesn't hold: %s",
    async (_breaks, mutant) => {
      expect(await firstFailure(withBug(mutant))).toBeDefined();
    },
  );
});
