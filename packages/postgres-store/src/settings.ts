/** What a server told of itself. */
export interface PostgresSettings {
  readonly table: string;
  /** The major version. */
  readonly version: number;
  readonly isAurora: boolean;
  readonly isStandby: boolean;
  readonly isReadOnly: boolean;
  readonly fsync: boolean;
  readonly fullPageWrites: boolean;
  /** After so many ms the server gives a statement up; 0: never. */
  readonly statementTimeoutMs: number;
  /** Whether a commit waits for a standby. */
  readonly hasSynchronousStandby: boolean;
  readonly hasTable: boolean;
  readonly tableComment: string | undefined;
  readonly isUnlogged: boolean;
  /** Whether a subscription writes to the table. */
  readonly isSubscribed: boolean;
  /** Of SELECT, INSERT, UPDATE and DELETE. */
  readonly missingPrivileges: readonly string[];
  /** The server's clock less this machine's, in milliseconds. */
  readonly clockSkewMs: number;
}

/** Asks for all of it; the table, quoted and with its schema, is its parameter. */
export const SETTINGS = `
SELECT current_setting('server_version_num')::int / 10000 AS version,
  EXISTS (SELECT FROM pg_proc WHERE proname = 'aurora_version') AS is_aurora,
  pg_is_in_recovery() AS is_standby,
  current_setting('transaction_read_only')::bool AS is_read_only,
  current_setting('fsync')::bool AS fsync,
  current_setting('full_page_writes')::bool AS full_page_writes,
  (SELECT setting::int FROM pg_settings WHERE name = 'statement_timeout') AS statement_timeout,
  current_setting('synchronous_standby_names') <> '' AS has_synchronous_standby,
  cells.oid IS NOT NULL AS has_table,
  obj_description(cells.oid, 'pg_class') AS table_comment,
  coalesce(cells.relpersistence = 'u', false) AS is_unlogged,
  EXISTS (SELECT FROM pg_subscription_rel WHERE srrelid = cells.oid) AS is_subscribed,
  ARRAY(
    SELECT privilege FROM unnest('{SELECT,INSERT,UPDATE,DELETE}'::text[]) AS privilege
    WHERE NOT has_table_privilege(cells.oid, privilege)
  ) AS missing_privileges,
  (extract(epoch from clock_timestamp()) * 1000)::float8 AS now
FROM (SELECT to_regclass($1::text) AS oid) AS named
LEFT JOIN pg_class AS cells ON cells.oid = named.oid`;

/** What that statement answers. */
export interface SettingsRow {
  readonly version: number;
  readonly is_aurora: boolean;
  readonly is_standby: boolean;
  readonly is_read_only: boolean;
  readonly fsync: boolean;
  readonly full_page_writes: boolean;
  readonly statement_timeout: number;
  readonly has_synchronous_standby: boolean;
  readonly has_table: boolean;
  readonly table_comment: string | null;
  readonly is_unlogged: boolean;
  readonly is_subscribed: boolean;
  readonly missing_privileges: readonly string[];
  readonly now: number;
}

/** @param here this machine's clock, halfway between question and answer */
export function settingsOf(table: string, row: SettingsRow, here: number): PostgresSettings {
  return {
    table,
    version: row.version,
    isAurora: row.is_aurora,
    isStandby: row.is_standby,
    isReadOnly: row.is_read_only,
    fsync: row.fsync,
    fullPageWrites: row.full_page_writes,
    statementTimeoutMs: row.statement_timeout,
    hasSynchronousStandby: row.has_synchronous_standby,
    hasTable: row.has_table,
    tableComment: row.table_comment ?? undefined,
    isUnlogged: row.is_unlogged,
    isSubscribed: row.is_subscribed,
    missingPrivileges: row.has_table ? row.missing_privileges : [],
    clockSkewMs: row.now - here,
  };
}
