/**
 * The statements of the port. Each is one transaction, and leaves nothing behind in its session, so that
 * they can go through PgBouncer in transaction mode.
 *
 * @param table quoted, with its schema
 */
export function statements(table: string) {
  return {
    read: read(table),
    write: write(table),
    attend: attend(table),
    attention: attention(table),
    deleteExpired: deleteExpired(table),
  };
}

export type Statements = ReturnType<typeof statements>;

/** Whole milliseconds since the epoch, while the statement runs; not when its transaction began. */
const NOW = "floor(extract(epoch from clock_timestamp()) * 1000)::bigint";

/** A standby answers what it has heard of so far. */
const IS_STANDBY = "pg_is_in_recovery()";

/** One row with the clock, also where nothing is found. */
function read(table: string): string {
  return `
SELECT ${NOW} AS now, ${IS_STANDBY} AS standby, coalesce(found.cells, '[]') AS cells
FROM (
  SELECT json_agg(json_build_array(name, revision, value)) AS cells
  FROM ${table} WHERE name = ANY ($1::text[])
) AS found`;
}

/**
 * Writes each item whose condition holds.
 *
 * - The rows that stand are locked first, in the order of their names, and compared as they are then: a
 *   statement that waited for another's commit sees what that one wrote.
 * - A lease is compared with the clock once its row is locked. Nobody else can write the row from then to
 *   the commit, so the lease can't go to another in between.
 * - New rows follow in the order of their names, and only where this statement sees none: a row that another
 *   transaction inserts meanwhile makes it wait, then stands in its way.
 * - `synchronous_commit` is put on for this transaction where the server, database or role has less, and the
 *   server's warnings are asked for: that the wait for a standby was given up is said in no other way.
 */
function write(table: string): string {
  return `
WITH item AS MATERIALIZED (
  SELECT * FROM unnest(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[]
  ) AS item (name, expected, revision, value, attention_at, expires_at, live_until)
), locked AS MATERIALIZED (
  SELECT name, revision FROM ${table}
  WHERE name IN (SELECT name FROM item)
  ORDER BY name FOR UPDATE
), standing AS MATERIALIZED (
  SELECT name, revision, ${NOW} AS locked_at FROM locked
), due AS MATERIALIZED (
  SELECT item.* FROM standing JOIN item USING (name)
  WHERE standing.revision = item.expected
    AND (item.live_until IS NULL OR standing.locked_at < item.live_until)
), changed AS (
  UPDATE ${table} AS cell
  SET revision = due.revision, value = due.value,
      attention_at = due.attention_at, expires_at = due.expires_at
  FROM due WHERE cell.name = due.name AND due.value IS NOT NULL
  RETURNING cell.name
), deleted AS (
  DELETE FROM ${table} AS cell
  USING due WHERE cell.name = due.name AND due.value IS NULL
  RETURNING cell.name
), old AS MATERIALIZED (
  SELECT name FROM changed UNION ALL SELECT name FROM deleted
), created AS (
  INSERT INTO ${table} (name, revision, value, attention_at, expires_at)
  SELECT name, revision, value, attention_at, expires_at FROM item
  WHERE expected IS NULL AND value IS NOT NULL
    AND (live_until IS NULL OR ${NOW} < live_until)
    AND name NOT IN (SELECT name FROM standing)
    AND (SELECT count(*) FROM old) >= 0
  ORDER BY name
  ON CONFLICT (name) DO NOTHING
  RETURNING name
)
SELECT ${NOW} AS now, ${IS_STANDBY} AS standby,
  set_config('client_min_messages', 'warning', true) AS client_min_messages,
  set_config('synchronous_commit', CASE current_setting('synchronous_commit')
    WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, true) AS synchronous_commit,
  ARRAY(SELECT name FROM old UNION ALL SELECT name FROM created) AS written`;
}

function attend(table: string): string {
  return `UPDATE ${table} SET attention_at = $2::bigint WHERE name = $1::text AND attention_at IS NULL`;
}

/** The pair is compared as the index is ordered, so that each page begins where the last one ended. */
function attention(table: string): string {
  return `
SELECT name, attention_at FROM ${table}
WHERE attention_at IS NOT NULL AND (attention_at, name) > ($1::bigint, $2::text COLLATE "C")
ORDER BY attention_at, name LIMIT $3::int`;
}

/** A row that was written while this waited for it is judged anew; one that is being written is left. */
function deleteExpired(table: string): string {
  return `
WITH past AS MATERIALIZED (
  SELECT name FROM ${table}
  WHERE expires_at <= (SELECT ${NOW})
  ORDER BY expires_at LIMIT $1::int FOR UPDATE SKIP LOCKED
), deleted AS (
  DELETE FROM ${table} AS cell USING past WHERE cell.name = past.name RETURNING 1
)
SELECT count(*)::int AS deleted FROM deleted`;
}
