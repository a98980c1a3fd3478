import { readFileSync } from "node:fs";
import type pg from "pg";

const MIGRATION = readFileSync(new URL("../../sql/001-cells.sql", import.meta.url), "utf8");
/** For connections that take `clock_timestamp()` from {@link toldTime}. */
export const ON_TOLD_TIME: pg.PoolConfig = { options: "-c search_path=told,pg_catalog" };

let tables = 0;

/** Makes the table, by the migration as it is published, in a schema that nobody else uses: its name. */
export async function createTable(pool: pg.Pool): Promise<string> {
  tables += 1;
  const schema = `eo_${process.pid}_${tables}`;
  await pool.query(MIGRATION.replaceAll("exactly_once", schema));
  return schema;
}

/**
 * A clock that stands still until a test moves it: no test waits for it. Connections with
 * {@link ON_TOLD_TIME} find this `clock_timestamp()` before the server's own.
 */
export async function toldTime(pool: pg.Pool): Promise<void> {
  await pool.query(`
    CREATE SCHEMA told;
    CREATE TABLE told.now (ms bigint NOT NULL);
    INSERT INTO told.now VALUES (floor(extract(epoch from pg_catalog.clock_timestamp()) * 1000));
    CREATE FUNCTION told.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE
      AS 'SELECT to_timestamp(ms / 1000.0) FROM told.now';`);
}
