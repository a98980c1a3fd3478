import { StoreUnavailableError } from "@exactly-once/core";
import { judgeSettings, type PostgresFinding } from "./findings.js";
import { runStatement, type PostgresPool } from "./pool.js";
import { SETTINGS, settingsOf, type PostgresSettings, type SettingsRow } from "./settings.js";

/** What an inspection found. */
export interface PostgresReport {
  readonly settings: PostgresSettings;
  /** Empty where nothing endangers the promises. */
  readonly findings: readonly PostgresFinding[];
}

/** @throws StoreUnavailableError when the server doesn't answer within `timeoutMs` */
export async function inspectPostgres(
  pool: PostgresPool,
  table: string,
  timeoutMs: number,
): Promise<PostgresReport> {
  const settings = await readSettings(pool, table, timeoutMs);
  return { settings, findings: judgeSettings(settings) };
}

async function readSettings(
  pool: PostgresPool,
  table: string,
  timeoutMs: number,
): Promise<PostgresSettings> {
  const signal = AbortSignal.timeout(timeoutMs);
  const late = new Promise<never>((_, reject) => {
    const say = () => reject(new Error(`no answer within ${timeoutMs} ms`));
    signal.addEventListener("abort", say, { once: true });
  });
  try {
    const before = Date.now();
    const rows = await Promise.race([late, runStatement(pool, SETTINGS, [table], signal)]);
    const [row] = rows as readonly SettingsRow[];
    if (row === undefined) throw new Error("the server answered no row");
    return settingsOf(table, row, (before + Date.now()) / 2);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StoreUnavailableError(`PostgreSQL couldn't be inspected: ${reason}.`, { cause });
  }
}
