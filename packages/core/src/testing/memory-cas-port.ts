import type { CasAnswer, CasCell, CasPort, CasWrite, CasWritten } from "../cas-store/cas-port.js";
import type { Clock } from "../ports/index.js";

/** Of a {@link memoryCasPort}. */
export interface MemoryCasPortOptions {
  /** The database's clock: it deletes by it, and judges `liveUntil` where the clock is the store's. */
  readonly clock: Clock;
  /** Default `caller`. */
  readonly clockOf?: CasPort["clock"] | undefined;
  /** Cells a call takes. Default 100. */
  readonly maxBatch?: number | undefined;
}

/** A cell as the memory keeps it. */
export interface MemoryCell extends CasCell {
  readonly attentionAt: number | undefined;
  readonly expiresAt: number | undefined;
}

export interface MemoryCasPort extends CasPort {
  deleteExpired(limit: number): Promise<number>;
  /** What stands, for tests that spoil or look at it. */
  readonly cells: Map<string, MemoryCell>;
}

const MAX_VALUE_BYTES = 350_000;

/**
 * The port in this process's memory: what a `CasPort` does, at its shortest. For tests of `casStore` and as
 * the reference for other ports. Like a database that deletes late, it keeps what is past its time until
 * `deleteExpired`.
 */
export function memoryCasPort(options: MemoryCasPortOptions): MemoryCasPort {
  const { clock, clockOf = "caller", maxBatch = 100 } = options;
  const cells = new Map<string, MemoryCell>();

  function answer<Reply>(items: readonly (Reply | Error)[]): CasAnswer<Reply> {
    return clockOf === "store" ? { items, at: clock.now() } : { items };
  }

  function write(item: CasWrite): CasWritten | Error {
    const { name, expected, revision, value, attentionAt, expiresAt, liveUntil } = item;
    const bytes = Buffer.byteLength(value ?? "");
    if (bytes > MAX_VALUE_BYTES) return new Error(`a value of ${bytes} bytes is too large`);
    if (cells.get(name)?.revision !== expected) return "refused";
    if (clockOf === "store" && liveUntil !== undefined && clock.now() >= liveUntil)
      return "refused";
    if (value === null) cells.delete(name);
    else cells.set(name, { revision, value, attentionAt, expiresAt });
    return "written";
  }

  return {
    cells,
    clock: clockOf,
    durable: false,
    shared: true,
    maxBatch,
    maxValueBytes: MAX_VALUE_BYTES,
    read: async (names) =>
      answer(
        names.map((name) => {
          const cell = cells.get(name);
          return cell && { revision: cell.revision, value: cell.value };
        }),
      ),
    write: async (items) => answer(items.map(write)),
    attend: async (name, attentionAt) => {
      const cell = cells.get(name);
      if (cell && cell.attentionAt === undefined) cells.set(name, { ...cell, attentionAt });
    },
    attention: async (cursor, limit) => {
      const places = [...cells]
        .flatMap(([name, { attentionAt }]) =>
          attentionAt === undefined ? [] : [{ name, place: placeOf(attentionAt, name) }],
        )
        .filter(({ place }) => cursor === undefined || place > cursor)
        .sort((a, b) => (a.place < b.place ? -1 : 1));
      const shown = places.slice(0, limit);
      const last = shown.at(-1);
      return {
        names: shown.map(({ name }) => name),
        ...(places.length > limit && last ? { next: last.place } : {}),
      };
    },
    deleteExpired: async (limit) => {
      const past = [...cells]
        .filter(([, { expiresAt }]) => expiresAt !== undefined && expiresAt <= clock.now())
        .slice(0, limit);
      for (const [name] of past) cells.delete(name);
      return past.length;
    },
  };
}

function placeOf(attentionAt: number, name: string): string {
  return `${String(attentionAt).padStart(16, "0")} ${name}`;
}
