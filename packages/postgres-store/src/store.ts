import {
  casStore,
  optionsOf,
  type CasStore,
  type CasStoreOptions,
  type DeploymentFinding,
} from "@exactly-once/core/ports";
import { inspectPostgres, type PostgresReport } from "./inspect.js";
import type { PostgresPool } from "./pool.js";
import { postgresPort, tableIn } from "./port.js";

/** Of a {@link postgresStore}. */
export interface PostgresStoreOptions extends Pick<
  CasStoreOptions,
  "retentionMs" | "callTimeoutMs" | "pageSize" | "onUncounted"
> {
  /** A pool of `pg`, for the store alone. You configure and end it. */
  readonly pool: PostgresPool;
  /** Where `sql/001-cells.sql` made the table. Default `exactly_once`. */
  readonly schema?: string | undefined;
}

/** A complete store in PostgreSQL. */
export interface PostgresStore extends CasStore {
  /**
   * What of the server's settings, the table and the role's rights endangers the promises. Reads only.
   *
   * @throws StoreUnavailableError when the server doesn't answer in time
   */
  inspect(): Promise<PostgresReport>;
  /** The findings of `inspect`, for `consumer.start()`. */
  verify(): Promise<readonly DeploymentFinding[]>;
}

const DEFAULT_SCHEMA = "exactly_once";
const DEFAULT_TIMEOUT_MS = 2_000;
/** What needs no quotes: no other name is worth the trouble in every tool. */
const PLAIN_NAME = /^[a-z_][a-z0-9_]{0,62}$/;

/**
 * The dedupe store of a service in one table of PostgreSQL: each operation is one conditional write, by the
 * server's clock. Make the table first: `sql/001-cells.sql` of this package.
 *
 * @example
 * ```ts
 * const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 4 });
 * const store = postgresStore({ pool });
 * ```
 *
 * @throws InvalidOptionsError for an option that can't be right
 */
export function postgresStore(options: PostgresStoreOptions): PostgresStore {
  const check = optionsOf("postgresStore");
  const { pool, schema = DEFAULT_SCHEMA, callTimeoutMs, ...others } = options;
  check.methods("pool", pool, ["connect"], "a Pool of pg");
  if (!PLAIN_NAME.test(schema)) {
    check.refuse(
      `schema is ${JSON.stringify(schema)}: a name of lower-case letters, digits and _.`,
    );
  }
  const timeoutMs = check.ms("callTimeoutMs", callTimeoutMs ?? DEFAULT_TIMEOUT_MS);
  const table = tableIn(schema);
  const store = casStore(postgresPort({ pool, table }), { ...others, callTimeoutMs });
  const inspect = () => inspectPostgres(pool, table, timeoutMs);
  return { ...store, inspect, verify: async () => (await inspect()).findings };
}
