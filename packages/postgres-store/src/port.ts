import type { CasAnswer, CasCell, CasPort, CasWrite, CasWritten } from "@exactly-once/core/ports";
import { runStatement, type PostgresPool } from "./pool.js";
import { statements } from "./statements.js";

export interface PostgresPortOptions {
  readonly pool: PostgresPool;
  /** Quoted, with its schema. */
  readonly table: string;
}

/** The table of `sql/`, quoted. */
export function tableIn(schema: string): string {
  return `"${schema}".cells`;
}

/** Cells a statement takes: few enough that a batch holds its locks for a moment. */
const MAX_BATCH = 100;
/** PostgreSQL takes 1 GB; a record of this size is a mistake. */
const MAX_VALUE_BYTES = 1_000_000;
/** Before every time and name. */
const FIRST_PAGE: Place = { attentionAt: "-1", name: "" };

interface Place {
  readonly attentionAt: string;
  readonly name: string;
}

/** What every statement that is a port's answer tells. */
interface Answered {
  /** Milliseconds since the epoch; `pg` reads a bigint as text. */
  readonly now: string;
  readonly standby: boolean;
}

/**
 * One table of PostgreSQL as a `CasPort`: a row is a cell, and each call one statement, which is one
 * transaction. The clock is the server's.
 */
export function postgresPort({ pool, table }: PostgresPortOptions): CasPort {
  const sql = statements(table);

  async function rows<Row>(
    text: string,
    values: readonly unknown[],
    signal: AbortSignal,
  ): Promise<readonly Row[]> {
    return (await runStatement(pool, text, values, signal)) as readonly Row[];
  }

  async function answer<Row extends Answered>(
    text: string,
    values: readonly unknown[],
    signal: AbortSignal,
  ): Promise<Row & { readonly at: number }> {
    const [row] = await rows<Row>(text, values, signal);
    if (row === undefined) throw new Error("the server answered no row");
    if (row.standby) throw new Error("the server is a standby: what it shows may be old");
    return { ...row, at: Number(row.now) };
  }

  return {
    clock: "store",
    durable: true,
    shared: true,
    maxBatch: MAX_BATCH,
    maxValueBytes: MAX_VALUE_BYTES,
    read: async (names, signal): Promise<CasAnswer<CasCell | undefined>> => {
      const { at, cells } = await answer<FoundCells>(sql.read, [names], signal);
      const found = new Map(cells.map(([name, ...cell]) => [name, cell]));
      const items = names.map((name) => {
        const [revision, value] = found.get(name) ?? [];
        return revision === undefined || value === undefined ? undefined : { revision, value };
      });
      return { at, items };
    },
    write: async (items, signal): Promise<CasAnswer<CasWritten>> => {
      const faults = items.map(faultOf);
      const sent = items.filter((_, i) => faults[i] === undefined);
      const { at, written } = await answer<Written>(sql.write, columnsOf(sent), signal);
      const names = new Set(written);
      return {
        at,
        items: items.map(
          ({ name }, i): CasWritten | Error =>
            faults[i] ?? (names.has(name) ? "written" : "refused"),
        ),
      };
    },
    attend: async (name, attentionAt, signal) => {
      await rows(sql.attend, [name, attentionAt], signal);
    },
    attention: async (cursor, limit, signal) => {
      const { attentionAt, name } = cursor === undefined ? FIRST_PAGE : placeOf(cursor);
      const found = await rows<ListedCell>(sql.attention, [attentionAt, name, limit + 1], signal);
      const shown = found.slice(0, limit);
      const last = shown.at(-1);
      return {
        names: shown.map((row) => row.name),
        ...(found.length > limit && last ? { next: `${last.attention_at} ${last.name}` } : {}),
      };
    },
    deleteExpired: async (limit, signal) => {
      const [row] = await rows<{ readonly deleted: number }>(sql.deleteExpired, [limit], signal);
      return row?.deleted ?? 0;
    },
  };
}

interface FoundCells extends Answered {
  readonly cells: readonly (readonly [name: string, revision: string, value: string])[];
}

interface Written extends Answered {
  readonly written: readonly string[];
}

interface ListedCell {
  readonly name: string;
  readonly attention_at: string;
}

/** One array for each column, in the order of the statement's parameters. */
function columnsOf(items: readonly CasWrite[]): readonly unknown[] {
  return [
    items.map((item) => item.name),
    items.map((item) => item.expected ?? null),
    items.map((item) => item.revision),
    items.map((item) => item.value),
    items.map((item) => item.attentionAt ?? null),
    items.map((item) => item.expiresAt ?? null),
    items.map((item) => item.liveUntil ?? null),
  ];
}

function faultOf({ value }: CasWrite): Error | undefined {
  const bytes = Buffer.byteLength(value ?? "");
  if (bytes <= MAX_VALUE_BYTES) return undefined;
  return new Error(`a value of ${bytes} bytes is too large: at most ${MAX_VALUE_BYTES}`);
}

/** @throws Error for text that isn't a page's `next` */
function placeOf(cursor: string): Place {
  const [, attentionAt, name] = /^(\d{1,16}) (\S+)$/.exec(cursor) ?? [];
  if (attentionAt === undefined || name === undefined) throw new Error("no such page");
  return { attentionAt, name };
}
