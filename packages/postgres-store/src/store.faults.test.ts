import { StoreUnavailableError } from "@exactly-once/core";
import type { ClaimRequest } from "@exactly-once/core/ports";
import { setMaxListeners } from "node:events";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { postgresPort, tableIn } from "./port.js";
import { postgresStore } from "./store.js";
import { startPostgresServer, type PostgresServer } from "./testing/postgres-server.js";
import { createTable } from "./testing/tables.js";

const PATIENT_MS = 120_000;
const { signal } = new AbortController();
setMaxListeners(0, signal);

const claimOf = (key: string, owner = "a"): ClaimRequest => ({
  key,
  keyText: "[1]",
  pipeline: "form-updated",
  owner,
  leaseMs: 600_000,
  messageId: `m-${key}`,
  fingerprint: "v1:00112233445566778899aabbccddeeff",
  simulated: false,
});

const write = (name: string, expected?: string, revision = "r1") => ({
  ...{ name, expected, revision, value: "v" },
  ...{ attentionAt: undefined, expiresAt: undefined, liveUntil: undefined },
});

let server: PostgresServer;
let schema: string;
let table: string;

beforeAll(async () => {
  server = await startPostgresServer();
  schema = await createTable(server.pool());
  table = tableIn(schema);
});
afterAll(() => server.stop());

describe("what the server rolled back is done again", () => {
  it("under serializable isolation, where a row that was waited for has changed", async () => {
    const pool = server.pool({ options: "-c default_transaction_isolation=serializable" });
    const port = postgresPort({ pool, table });
    const replies = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        port.write([write("serial", undefined, `r${i}`)], signal),
      ),
    );
    const words = replies.flatMap(({ items }) => items);
    expect(words.filter((word) => word === "written")).toHaveLength(1);
    expect(words.filter((word) => word === "refused")).toHaveLength(19);
  });

  it("after a deadlock with another's transaction", async () => {
    const port = postgresPort({ pool: server.pool(), table });
    await port.write([write("d1"), write("d2")], signal);
    const other = await server.pool().connect();
    await other.query("BEGIN");
    await other.query(`SELECT 1 FROM ${table} WHERE name = 'd2' FOR UPDATE`);
    const writing = port.write([write("d1", "r1", "r2"), write("d2", "r1", "r2")], signal);
    await waitsForALock(1);
    // One of the two is rolled back. The port goes on after the other, whichever it is.
    await other.query(`SELECT 1 FROM ${table} WHERE name = 'd1' FOR UPDATE`).catch(() => {});
    await other.query("ROLLBACK");
    other.release();
    expect((await writing).items).toEqual(["written", "written"]);
  });

  it("but nothing is, once the caller has given up", async () => {
    const pool = server.pool();
    const aborted = AbortSignal.abort(new Error("given up"));
    await expect(postgresPort({ pool, table }).write([write("late")], aborted)).rejects.toThrow(
      "given up",
    );
    const { items } = await postgresPort({ pool, table }).read(["late"], signal);
    expect(items).toEqual([undefined]);
  });
});

describe("a call that nobody waits for", () => {
  it("frees its connection, and has no effect on what comes after", async () => {
    const pool = server.pool({ max: 1 });
    const port = postgresPort({ pool, table });
    await port.write([write("slow")], signal);
    const other = await server.pool().connect();
    await other.query("BEGIN");
    await other.query(`SELECT 1 FROM ${table} WHERE name = 'slow' FOR UPDATE`);
    const patience = new AbortController();
    const writing = port.write([write("slow", "r1", "r2")], patience.signal);
    await waitsForALock(1);
    patience.abort(new Error("given up"));
    await expect(writing).rejects.toThrow();
    // The pool has one connection, which the hanging statement doesn't hold any more.
    expect((await port.read(["slow"], signal)).items).toEqual([{ revision: "r1", value: "v" }]);
    await other.query("COMMIT");
    other.release();
  });

  it("gives back a connection that comes too late", async () => {
    const pool = server.pool({ max: 1 });
    const port = postgresPort({ pool, table });
    const holding = await pool.connect();
    const patience = new AbortController();
    const reading = port.read(["x"], patience.signal);
    patience.abort(new Error("given up"));
    holding.release();
    await expect(reading).rejects.toThrow("given up");
    expect((await port.read(["x"], signal)).items).toEqual([undefined]);
  });

  it("is a store that is unavailable, where the pool has no connection left", async () => {
    const pool = server.pool({ max: 1 });
    const store = postgresStore({ pool, schema, callTimeoutMs: 50 });
    const holding = await pool.connect();
    await expect(store.ping()).rejects.toThrow(StoreUnavailableError);
    holding.release();
    await expect(
      postgresStore({ pool, schema, callTimeoutMs: PATIENT_MS }).ping(),
    ).resolves.toBeUndefined();
  });
});

describe("a commit that brings a warning", () => {
  it("is unanswered: a standby's confirmation was waited for in vain", async () => {
    const waiting = await startPostgresServer({
      settings: { synchronous_standby_names: "nobody", fsync: "off" },
    });
    try {
      const setUp = waiting.pool({
        options: "-c synchronous_commit=local -c client_min_messages=error",
      });
      const own = await createTable(setUp);
      const port = postgresPort({ pool: setUp, table: tableIn(own) });
      const writing = port.write([write("a")], signal);
      // The session's own setting was less than what the statement needs.
      const watching = waiting.pool();
      await expect
        .poll(async () => {
          const { rows } = await watching.query<{ pid: number }>(
            "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'",
          );
          return rows[0]?.pid;
        })
        .toBeTypeOf("number");
      await watching.query(
        "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'",
      );
      await expect(writing).rejects.toThrow("the server warned");
      const { items } = await port.read(["a"], signal);
      expect(items).toEqual([{ revision: "r1", value: "v" }]);
    } finally {
      await waiting.stop();
    }
  });

  it("but a notice that is none is heard by nobody", async () => {
    const pool = server.pool();
    const port = postgresPort({
      pool: { connect: async () => noticing(await pool.connect()) },
      table,
    });
    expect((await port.write([write("noticed")], signal)).items).toEqual(["written"]);
  });
});

describe("a standby", () => {
  it("is refused for reads, takes no writes, and goes on as primary with what was confirmed", async () => {
    const settings = { fsync: "on" };
    const primary = await startPostgresServer({ settings });
    const standby = await startPostgresServer({ settings, standbyOf: primary });
    try {
      const own = await createTable(primary.pool());
      await primary.pool().query("ALTER SYSTEM SET synchronous_standby_names = '*'");
      await primary.pool().query("SELECT pg_reload_conf()");
      const [here, there] = [primary, standby].map((each) =>
        postgresStore({
          pool: each.pool({ statement_timeout: 60_000 }),
          schema: own,
          callTimeoutMs: PATIENT_MS,
        }),
      );
      if (!here || !there) throw new Error("two stores");
      await expect
        .poll(async () => (await here.inspect()).findings.map(({ code }) => code))
        .toEqual([]);
      const key = "00112233445566778899aabbccddeeff";
      expect(await here.claim([claimOf(key)])).toMatchObject([{ status: "claimed", fence: 1 }]);
      await expect(there.read([key])).rejects.toThrow(StoreUnavailableError);
      await expect(there.claim([claimOf(key, "b")])).rejects.toThrow(StoreUnavailableError);
      expect((await there.inspect()).findings.map(({ code }) => code)).toContain("STANDBY");

      await primary.kill();
      await standby.promote();
      expect(await there.claim([claimOf(key, "b")])).toMatchObject([{ status: "busy" }]);
    } finally {
      await standby.stop();
      await primary.stop();
    }
  });
});

describe("a server that crashes", () => {
  it("keeps what it answered, and the pool finds it again", async () => {
    const crashing = await startPostgresServer({ settings: { fsync: "on" } });
    try {
      const pool = crashing.pool();
      const own = await createTable(pool);
      const store = postgresStore({ pool, schema: own, callTimeoutMs: PATIENT_MS });
      const key = "00112233445566778899aabbccddeeff";
      await store.claim([claimOf(key)]);
      await crashing.kill();
      await expect(store.claim([claimOf(key, "b")])).rejects.toThrow(StoreUnavailableError);
      await crashing.start();
      expect(await store.claim([claimOf(key, "b")])).toMatchObject([{ status: "busy" }]);
    } finally {
      await crashing.stop();
    }
  });
});

async function waitsForALock(count: number): Promise<void> {
  const watching = server.pool();
  await expect
    .poll(async () => {
      const { rows } = await watching.query<{ waiting: number }>(
        "SELECT count(*)::int AS waiting FROM pg_stat_activity WHERE wait_event_type = 'Lock'",
      );
      return rows[0]?.waiting;
    })
    .toBe(count);
}

/** Raises a notice, which is no warning, before each statement. */
function noticing(client: pg.PoolClient): pg.PoolClient {
  return new Proxy(client, {
    get: (target, name) => {
      if (name !== "query") {
        const value: unknown = Reflect.get(target, name);
        return typeof value === "function" ? (value.bind(target) as unknown) : value;
      }
      return (text: string, values: unknown[]) => {
        target.emit("notice", { code: "00000", message: "only so that you know" });
        return target.query(text, values);
      };
    },
  });
}
