import { casPortSuite, casSpoilings, storeSuite } from "@exactly-once/core/testing";
import type pg from "pg";
import { afterAll, beforeAll, describe, test } from "vitest";
import fc from "../../../scripts/seeded-fast-check.mjs";
import { startPostgresServer, type PostgresServer } from "./testing/postgres-server.js";
import { portFixture, storeFixture } from "./testing/store-fixture.js";
import { ON_TOLD_TIME, toldTime } from "./testing/tables.js";

let server: PostgresServer;
let pool: pg.Pool;
let otherPool: pg.Pool;

beforeAll(async () => {
  server = await startPostgresServer();
  [pool, otherPool] = [server.pool(ON_TOLD_TIME), server.pool(ON_TOLD_TIME)];
  await toldTime(pool);
});
afterAll(() => server.stop());

describe("a table of PostgreSQL conforms as a port", () => {
  casPortSuite({ test, factory: () => portFixture({ server, pool, otherPool }) });
});

describe("a store in PostgreSQL conforms", () => {
  storeSuite({
    test,
    fc,
    unitMs: 60_000,
    factory: (request) => storeFixture({ server, pool, otherPool }, request),
    spoilings: casSpoilings,
    capabilities: {
      durable: true,
      shared: true,
      clock: "store",
      control: true,
      tripwire: true,
      outage: true,
    },
  });
});
