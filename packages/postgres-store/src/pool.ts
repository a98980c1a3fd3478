/**
 * Of a pool of `pg`, what the store uses: `new Pool(…)` of `pg` is one. You configure and end it.
 *
 * Give the store a pool of its own. A handler that holds a connection of the same pool while it waits for
 * `once` can use up what `once` needs.
 */
export interface PostgresPool {
  /** A connection, for one statement. */
  connect(): Promise<PostgresClient>;
}

/** One connection of it. */
export interface PostgresClient {
  /** Runs one statement. */
  query(text: string, values: unknown[]): Promise<{ readonly rows: unknown[] }>;
  /** Listens to what the server says beside its answers. */
  on(event: "notice", listener: (notice: PostgresNotice) => void): unknown;
  /** Listens to the loss of the connection. */
  on(event: "error", listener: (error: Error) => void): unknown;
  /** Ends that. */
  removeListener(event: "notice", listener: (notice: PostgresNotice) => void): unknown;
  /** Ends that. */
  removeListener(event: "error", listener: (error: Error) => void): unknown;
  /** `true`: the connection is ended instead of kept for the next. */
  release(destroy?: boolean): void;
}

/** What the server says beside an answer. */
export interface PostgresNotice {
  /** SQLSTATE: `01…` are warnings. */
  readonly code?: string | undefined;
  readonly message?: string | undefined;
}

/**
 * Runs one statement, which is a transaction of its own, on a connection of the pool, and answers its rows
 * once the transaction has ended.
 *
 * A statement that brings a warning is unanswered: a commit whose wait for the standby was cancelled says
 * so with a warning only, and then a failover can take the write back
 * (https://www.postgresql.org/docs/current/warm-standby.html#SYNCHRONOUS-REPLICATION-HA).
 *
 * When `signal` aborts, the connection is ended: whether the statement runs to its end is unknown then, and
 * whoever comes next doesn't wait behind it. Nothing is repeated here but what the server rolled back.
 */
export async function runStatement(
  pool: PostgresPool,
  text: string,
  values: readonly unknown[],
  signal: AbortSignal,
): Promise<readonly unknown[]> {
  for (;;) {
    signal.throwIfAborted();
    try {
      return await runOnce(pool, text, values, signal);
    } catch (error) {
      if (!wasRolledBack(error)) throw error;
    }
  }
}

/** Serialization failures and deadlocks: another transaction went on, and this one left nothing behind. */
const ROLLED_BACK: ReadonlySet<unknown> = new Set(["40001", "40P01"]);

function wasRolledBack(error: unknown): boolean {
  return error instanceof Error && "code" in error && ROLLED_BACK.has(error.code);
}

async function runOnce(
  pool: PostgresPool,
  text: string,
  values: readonly unknown[],
  signal: AbortSignal,
): Promise<readonly unknown[]> {
  const client = await connection(pool, signal);
  const warnings: string[] = [];
  const listen = ({ code, message }: PostgresNotice): void => {
    if (code?.startsWith("01")) warnings.push(message ?? code);
  };
  let isReleased = false;
  const release = (destroy: boolean): void => {
    if (isReleased) return;
    isReleased = true;
    client.removeListener("notice", listen);
    client.release(destroy);
    client.removeListener("error", ignore);
  };
  const giveUp = (): void => release(true);
  client.on("notice", listen);
  // A lost connection is the query's error, too; as an event without a listener it would end the process.
  client.on("error", ignore);
  signal.addEventListener("abort", giveUp);
  try {
    const { rows } = await client.query(text, [...values]);
    if (warnings.length > 0) throw new Error(`the server warned: ${warnings.join("; ")}`);
    release(false);
    return rows;
  } catch (error) {
    // The server answered an error: the connection is as good as before. Any other may have half an answer.
    release(!isServerError(error));
    throw error;
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}

/** A connection that comes too late for its caller goes back at once. */
async function connection(pool: PostgresPool, signal: AbortSignal): Promise<PostgresClient> {
  const client = await pool.connect();
  if (!signal.aborted) return client;
  client.release();
  throw signal.reason;
}

function isServerError(error: unknown): boolean {
  return error instanceof Error && "severity" in error && error.severity === "ERROR";
}

function ignore(): void {}
