import { storeSuite } from "@exactly-once/core/testing";
import type { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import fc from "../../../scripts/seeded-fast-check.mjs";
import { assembleScripts, sources, type ScriptSources } from "./scripts.js";
import { givenRedis, type GivenRedis } from "./testing/given-redis.js";
import { scriptMutants, withMutant } from "./testing/script-mutants.js";
import { spoilings } from "./testing/spoilings.js";
import { redisFixture, waitingFixture } from "./testing/store-fixture.js";
import { tellTime, withToldTime } from "./testing/told-time.js";
import type { RedisClient } from "./transport/client.js";

let redis: GivenRedis;
let client: Redis;
let otherClient: Redis;

beforeAll(async () => {
  redis = await givenRedis();
  [client, otherClient] = [redis.connect(), redis.connect()];
});

afterAll(() => redis.stop());

interface SuiteTest {
  readonly name: string;
  readonly body: () => Promise<void>;
}

/** @param fixture on the clients */
function suiteOf(fixture: Factory, unitMs = 60_000): SuiteTest[] {
  const collected: SuiteTest[] = [];
  storeSuite({
    test: (name, body) => collected.push({ name, body }),
    fc,
    runs: 60,
    unitMs,
    spoilings,
    factory: async (request) => {
      const { keyPrefix } = redis;
      return fixture({ keyPrefix, client, otherClient }, request);
    },
    capabilities: {
      durable: true,
      shared: true,
      clock: "store",
      control: true,
      tripwire: true,
      outage: false,
    },
  });
  return collected;
}

type Factory = typeof waitingFixture;

const suiteWith = (from: ScriptSources): SuiteTest[] =>
  suiteOf((options, request) => redisFixture(options, request, from));

/** Runs many at a time, since most of them wait. Those under way at the first failure are left. */
function firstFailure(suite: readonly SuiteTest[]): Promise<string | undefined> {
  const left = [...suite];
  return new Promise((resolve) => {
    const worker = async (): Promise<void> => {
      for (let next = left.shift(); next; next = left.shift()) {
        const { name, body } = next;
        await body().catch(() => {
          left.length = 0;
          resolve(name);
        });
      }
    };
    void Promise.all(Array.from({ length: 8 }, worker)).then(() => resolve(undefined));
  });
}

describe("the conformance suite", () => {
  it("finds nothing wrong with the scripts as they are", async () => {
    expect(await firstFailure(suiteWith(sources))).toBeUndefined();
  });

  it.each(scriptMutants.map((mutant) => [mutant.breaks, mutant] as const))(
    "fails where this doesn't hold: %s",
    async (_breaks, mutant) => {
      const mutated = withMutant(sources, mutant);
      // It has to be a script still: a syntax error proves nothing.
      for (const { text } of Object.values(assembleScripts(mutated))) {
        await client.script("LOAD", text);
      }
      const found = await firstFailure(suiteWith(mutated));
      expect(found, `no test fails with ${mutant.script}.lua changed`).toBeDefined();
    },
  );

  it("fails where leases go by the caller's clock", async () => {
    const scripts = withToldTime(sources);
    const told = (real: RedisClient) => tellTime(real, () => Date.now());
    const suite = suiteOf(
      ({ client: one, otherClient: other, ...options }, request) =>
        waitingFixture(
          { ...options, client: told(one), otherClient: told(other) },
          request,
          scripts,
        ),
      // Many run at a time.
      1_000,
    );
    const judged = suite.filter(({ name }) => name.includes("store's clock"));
    expect(await firstFailure(suite.filter((test) => !judged.includes(test)))).toBeUndefined();
    expect(await firstFailure(judged)).toBeDefined();
  });
});
