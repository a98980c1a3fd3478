import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { judgeSettings } from "./findings.js";
import type { PostgresSettings } from "./settings.js";
import { postgresStore } from "./store.js";
import { startPostgresServer, type PostgresServer } from "./testing/postgres-server.js";
import { createTable } from "./testing/tables.js";

const PATIENT_MS = 120_000;

const healthy: PostgresSettings = {
  table: "exactly_once.cells",
  version: 16,
  isAurora: false,
  isStandby: false,
  isReadOnly: false,
  fsync: true,
  fullPageWrites: true,
  statementTimeoutMs: 2_000,
  hasSynchronousStandby: true,
  hasTable: true,
  tableComment: "exactly-once cells 1",
  isUnlogged: false,
  isSubscribed: false,
  missingPrivileges: [],
  clockSkewMs: 0,
};

describe("what endangers the promises", () => {
  const found = (over: Partial<PostgresSettings>) =>
    judgeSettings({ ...healthy, ...over }).map(({ code, severity }) => `${severity} ${code}`);

  it.each<[Partial<PostgresSettings>, string[]]>([
    [{}, []],
    [{ isStandby: true, isReadOnly: true }, ["error STANDBY"]],
    [{ isReadOnly: true }, ["error READ_ONLY"]],
    [{ hasTable: false, tableComment: undefined }, ["error NO_TABLE"]],
    [{ tableComment: "exactly-once cells 2" }, ["error OTHER_TABLE"]],
    [{ tableComment: undefined }, ["error OTHER_TABLE"]],
    [{ isUnlogged: true }, ["error UNLOGGED_TABLE"]],
    [{ missingPrivileges: ["DELETE"] }, ["error NO_PRIVILEGE"]],
    [{ version: 13 }, ["error OLD_VERSION"]],
    [{ fsync: false }, ["error FSYNC_OFF"]],
    [{ fullPageWrites: false }, ["error FSYNC_OFF"]],
    [{ isSubscribed: true }, ["error LOGICAL_REPLICATION"]],
    [{ hasSynchronousStandby: false }, ["warning NO_SYNCHRONOUS_STANDBY"]],
    [{ hasSynchronousStandby: false, isAurora: true }, []],
    [{ statementTimeoutMs: 0 }, ["warning NO_STATEMENT_TIMEOUT"]],
    [{ clockSkewMs: -5_001 }, ["warning CLOCK_SKEW"]],
    [{ clockSkewMs: 5_000 }, []],
  ])("of %o is %o", (over, codes) => {
    expect(found(over)).toEqual(codes);
  });
});

describe("a real server", () => {
  let server: PostgresServer;
  let pool: pg.Pool;
  beforeAll(async () => {
    server = await startPostgresServer({ settings: { fsync: "on" } });
    pool = server.pool({ statement_timeout: 60_000 });
  });
  afterAll(() => server.stop());

  const codesOf = async (schema: string, on = pool) => {
    const findings = await postgresStore({ pool: on, schema, callTimeoutMs: PATIENT_MS }).verify();
    return findings.map(({ code }) => code);
  };

  it("whose table is missing says so", async () => {
    expect(await codesOf("nowhere")).toEqual(["NO_TABLE", "NO_SYNCHRONOUS_STANDBY"]);
  });

  it("with the table of the migration has only its missing standby told", async () => {
    const schema = await newSchema();
    expect(await codesOf(schema)).toEqual(["NO_SYNCHRONOUS_STANDBY"]);
  });

  it("has a role that lacks rights, a table that a crash empties and one of another format told", async () => {
    const schema = await newSchema();
    await pool.query(`ALTER TABLE ${schema}.cells SET UNLOGGED`);
    await pool.query(`COMMENT ON TABLE ${schema}.cells IS 'exactly-once cells 2'`);
    await pool.query(`CREATE ROLE reader LOGIN`);
    await pool.query(`GRANT USAGE ON SCHEMA ${schema} TO reader`);
    await pool.query(`GRANT SELECT ON ${schema}.cells TO reader`);
    const { settings } = await postgresStore({
      pool: server.pool({ user: "reader" }),
      schema,
      callTimeoutMs: PATIENT_MS,
    }).inspect();
    expect(settings).toMatchObject({
      isUnlogged: true,
      tableComment: "exactly-once cells 2",
      missingPrivileges: ["INSERT", "UPDATE", "DELETE"],
    });
  });

  it("works for a role with no more rights than the migration names", async () => {
    const schema = await newSchema();
    await pool.query(`CREATE ROLE the_service LOGIN`);
    await pool.query(`GRANT USAGE ON SCHEMA ${schema} TO the_service`);
    await pool.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ${schema}.cells TO the_service`);
    const service = server.pool({ user: "the_service", statement_timeout: 60_000 });
    expect(await codesOf(schema, service)).toEqual(["NO_SYNCHRONOUS_STANDBY"]);
    const store = postgresStore({ pool: service, schema, callTimeoutMs: PATIENT_MS });
    await store.control.pause("forms", undefined, { by: "me", why: "a test" });
    expect((await store.control.status("forms")).namespace?.why).toBe("a test");
  });

  it("that doesn't answer in time is unavailable", async () => {
    const schema = await newSchema();
    server.signal("SIGSTOP");
    const store = postgresStore({ pool: server.pool(), schema, callTimeoutMs: 50 });
    await expect(store.verify()).rejects.toThrow("no answer within 50 ms");
    server.signal("SIGCONT");
  });

  function newSchema(): Promise<string> {
    return createTable(pool);
  }
});

describe("options", () => {
  const pool = { connect: () => Promise.reject(new Error("nobody asks")) };

  it("are refused by name", () => {
    expect(() => postgresStore({ pool, schema: "a b" })).toThrow("postgresStore: schema");
    expect(() => postgresStore({ pool: {} as never })).toThrow("a Pool of pg");
    expect(() => postgresStore({ pool, callTimeoutMs: Number.NaN })).toThrow("callTimeoutMs");
    expect(() => postgresStore({ pool, retentionMs: 0 })).toThrow("retentionMs");
  });
});
