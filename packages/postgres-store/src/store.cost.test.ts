import type { ClaimRequest } from "@exactly-once/core/ports";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PostgresPool } from "./pool.js";
import { tableIn } from "./port.js";
import { postgresStore } from "./store.js";
import { startPostgresServer, type PostgresServer } from "./testing/postgres-server.js";
import { createTable } from "./testing/tables.js";

const PATIENT_MS = 120_000;
const ROWS = 1_000;

let server: PostgresServer;
let pool: pg.Pool;

beforeAll(async () => {
  server = await startPostgresServer();
  pool = server.pool();
});
afterAll(() => server.stop());

describe("a message with one email", () => {
  it("is four writes, and no read of a key that is new", async () => {
    const schema = await createTable(pool);
    const statements: string[] = [];
    const store = postgresStore({ pool: noting(pool, statements), schema, ...patient });
    await store.ping();
    statements.length = 0;
    await handle(store, 7);
    expect(statements).toEqual(["write", "write", "write", "write"]);
  });

  it("takes less than 1,100 bytes once it is done, indexes included", async () => {
    const schema = await createTable(pool);
    const store = postgresStore({ pool, schema, ...patient });
    await Promise.all(Array.from({ length: ROWS }, (_, i) => handle(store, i)));
    await pool.query(`VACUUM FULL ${tableIn(schema)}`);
    const { rows } = await pool.query<{ bytes: number }>(
      "SELECT pg_total_relation_size($1)::int AS bytes",
      [tableIn(schema)],
    );
    const bytes = Math.round((rows[0]?.bytes ?? 0) / ROWS);
    console.log(`${bytes} bytes a done row`);
    expect(bytes).toBeLessThan(1_100);
  });
});

const patient = { callTimeoutMs: PATIENT_MS };

async function handle(store: ReturnType<typeof postgresStore>, i: number): Promise<void> {
  const key = i.toString(16).padStart(32, "0");
  const lease = { key, owner: "f5lxx1zz5pnorynqglhzmsp33", fence: 1 };
  const fingerprint = "v1:00112233445566778899aabbccddeeff";
  const claim: ClaimRequest = {
    ...{ key, owner: lease.owner, leaseMs: 600_000, simulated: false, fingerprint },
    ...{ keyText: `["${key}"]`, pipeline: "form-updated", messageId: `m-${key}` },
  };
  await store.claim([claim]);
  const attempt = { ...lease, effect: "email", attemptNumber: 1 };
  const times = { timeoutMs: 15_000, validityMs: 900_000 };
  expect(await store.begin({ ...attempt, ...times, fingerprint })).toBe("granted");
  const receipt = { id: "0102018a5c2e", at: Date.now(), via: "provider" } as const;
  await store.settle(attempt, { status: "accepted", receipt });
  expect(await store.complete([{ ...lease, fingerprint }])).toMatchObject(["done"]);
}

/** A pool that notes what its statements do with the table. */
function noting(real: PostgresPool, statements: string[]): PostgresPool {
  return {
    connect: async () => {
      const client = await real.connect();
      return {
        query: (text, values) => {
          statements.push(text.includes("INSERT") ? "write" : "read");
          return client.query(text, values);
        },
        on: client.on.bind(client),
        removeListener: client.removeListener.bind(client),
        release: client.release.bind(client),
      };
    },
  };
}
