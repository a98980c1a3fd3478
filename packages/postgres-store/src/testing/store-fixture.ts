import {
  casStore,
  recordName,
  systemClock,
  type CasPort,
  type Clock,
} from "@exactly-once/core/ports";
import {
  casValueFromLater,
  casValueKeepsLater,
  spoiledCasValue,
  type CasPortFixture,
  type StoreFixture,
  type StoreFixtureRequest,
} from "@exactly-once/core/testing";
import type pg from "pg";
import { postgresPort, tableIn } from "../port.js";
import type { PostgresServer } from "./postgres-server.js";
import { createTable } from "./tables.js";

const realNow = Date.now;
/** No test waits for an answer for so long. */
const PATIENT_MS = 120_000;

export interface PostgresFixtureOptions {
  readonly server: PostgresServer;
  readonly pool: pg.Pool;
  /** Of the other replica of the service. */
  readonly otherPool: pg.Pool;
  /** What a port does with a table; default {@link postgresPort}. */
  readonly portOf?: typeof postgresPort;
}

/**
 * A table of its own, on a server whose connections take the time from {@link toldTime}: it passes only by
 * `elapse`.
 */
export async function portFixture(options: PostgresFixtureOptions): Promise<CasPortFixture> {
  const { pool, otherPool, server, portOf = postgresPort } = options;
  const table = tableIn(await createTable(pool));
  return {
    port: portOf({ pool, table }),
    another: async () => portOf({ pool: otherPool, table }),
    elapse: (ms) => elapse(pool, ms),
    now: async () =>
      Number((await pool.query<{ ms: string }>("SELECT ms FROM told.now")).rows[0]?.ms),
    outage: () => outage(server),
  };
}

/** `casStore` over it, for `storeSuite`. */
export async function storeFixture(
  options: PostgresFixtureOptions,
  { retentionMs, pageSize }: StoreFixtureRequest,
): Promise<StoreFixture> {
  const { pool, otherPool, server, portOf = postgresPort } = options;
  const table = tableIn(await createTable(pool));
  const port = portOf({ pool, table });
  const storeOn = (on: CasPort) =>
    casStore(on, { retentionMs, pageSize, callTimeoutMs: PATIENT_MS, clock: stillClock });

  async function valueOf(key: string): Promise<string> {
    const found = await pool.query<{ value: string }>(
      `SELECT value FROM ${table} WHERE name = $1`,
      [recordName(key)],
    );
    return found.rows[0]?.value ?? "{}";
  }

  /** As somebody else's write would: with a revision of its own. */
  async function put(key: string, revision: string, value: string): Promise<void> {
    await pool.query(`UPDATE ${table} SET revision = $2, value = $3 WHERE name = $1`, [
      recordName(key),
      revision,
      value,
    ]);
  }

  return {
    store: storeOn(port),
    another: async () => storeOn(portOf({ pool: otherPool, table })),
    elapse: async (ms) => {
      await elapse(pool, ms);
      await port.deleteExpired?.(1_000, new AbortController().signal);
    },
    outage: () => outage(server),
    spoil: async (key, how) => {
      const before = await valueOf(key);
      await put(key, "spoiled", spoiledCasValue(before, how));
      return () => put(key, "mended", before);
    },
    addFromLater: async (key) => {
      await put(key, "later", casValueFromLater(await valueOf(key)));
      return async () => casValueKeepsLater(await valueOf(key));
    },
    skewCaller: (ms) => {
      Date.now = () => realNow() + ms;
    },
    close: async () => {
      Date.now = realNow;
    },
  };
}

let elapsedMs = 0;

/** What passes by the caller's clock has to pass by the server's: else leases end between two commands. */
const stillClock: Clock = { ...systemClock(), monotonic: () => elapsedMs };

async function elapse(pool: pg.Pool, ms: number): Promise<void> {
  elapsedMs += Math.ceil(ms);
  await pool.query("UPDATE told.now SET ms = ms + $1", [Math.ceil(ms)]);
}

async function outage(server: PostgresServer): Promise<() => Promise<void>> {
  await server.kill();
  return () => server.start();
}
