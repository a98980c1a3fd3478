import { storeSuite } from "@exactly-once/core/testing";
import type { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import fc from "../../../scripts/seeded-fast-check.mjs";
import { assembleScripts, sources, type ScriptSources } from "./scripts.js";
import { givenRedis, type GivenRedis } from "./testing/given-redis.js";
import { scriptMutants, withMutant } from "./testing/script-mutants.js";
import { redisFixture } from "./testing/store-fixture.js";

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

function suiteOf(from: ScriptSources, wrap = (real: Redis) => real): SuiteTest[] {
  const scripts = assembleScripts(from);
  const collected: SuiteTest[] = [];
  storeSuite({
    test: (name, body) => collected.push({ name, body }),
    fc,
    runs: 60,
    // Many run at a time.
    unitMs: 500,
    factory: async (request) => {
      const { keyPrefix } = redis;
      const clients = { client: wrap(client), otherClient: wrap(otherClient) };
      return redisFixture({ keyPrefix, ...clients, scripts }, request);
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
    expect(await firstFailure(suiteOf(sources))).toBeUndefined();
  });

  it.each(scriptMutants.map((mutant) => [mutant.breaks, mutant] as const))(
    "fails where this doesn't hold: %s",
    async (_breaks, mutant) => {
      const mutated = withMutant(sources, mutant);
      // It has to be a script still: a syntax error proves nothing.
      for (const { text } of Object.values(assembleScripts(mutated))) {
        await client.script("LOAD", text);
      }
      const found = await firstFailure(suiteOf(mutated));
      expect(found, `no test fails with ${mutant.script}.lua changed`).toBeDefined();
    },
  );

  it("fails where leases go by the caller's clock", async () => {
    const mutant = {
      breaks: "time is the server's",
      script: "item",
      from: "local time = redis.call('TIME')",
      to: "local told = ARGV[#ARGV]\nlocal time = { math.floor(told / 1000), told % 1000 * 1000 }",
    } as const;
    const suite = suiteOf(withMutant(sources, mutant), tellingTheTime);
    const judged = suite.filter(({ name }) => name.includes("store's clock"));
    expect(await firstFailure(suite.filter((test) => !judged.includes(test)))).toBeUndefined();
    expect(await firstFailure(judged)).toBeDefined();
  });
});

/** A client that gives each script the caller's time as its last argument. */
function tellingTheTime(real: Redis): Redis {
  return new Proxy(real, {
    get: (target, name) => {
      if (name === "pipeline") {
        return () => {
          const pipeline = target.pipeline();
          const evalsha = pipeline.evalsha.bind(pipeline);
          pipeline.evalsha = (...args: unknown[]) => evalsha(...(args as [string]), Date.now());
          return pipeline;
        };
      }
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}
