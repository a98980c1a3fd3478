import { hash } from "node:crypto";
import { StoreUnavailableError } from "../errors.js";
import type { TripwireCounters } from "../ports/index.js";
import { cellContent, cellJson } from "./cell-json.js";
import { cellName } from "./cell-name.js";
import type { Exchange } from "./exchange.js";
import type { PortCalls } from "./port-calls.js";
import type { StoreTime } from "./store-time.js";

interface Reservation {
  readonly holder: string;
  readonly fence: number;
  readonly until: number;
}

/** One part of a sliding window's count. */
interface Shard {
  /** `[begin of the slot, counted in it]`, oldest first. */
  readonly slots: readonly (readonly [number, number])[];
  /** Digests of those counted last, so that a repetition counts once. */
  readonly recent: readonly string[];
}

export interface CasTripwireOptions {
  readonly exchange: Exchange;
  readonly calls: Pick<PortCalls, "read">;
  readonly time: StoreTime;
  readonly maxSkewMs: number;
  /** A count that couldn't be made: the send it was for isn't stopped by it. */
  readonly onUncounted: (error: StoreUnavailableError) => void;
}

/** A counter's cells: as many writers at a time don't meet. */
const SHARDS = 4;
/** A window moves on in so many steps: what is in it is told a twelfth of it late. */
const SLOTS = 12;
/** A repetition follows within seconds. */
const RECENT = 64;

/**
 * Reservations and counters in cells.
 *
 * A reservation fails closed: without an answer of the store nothing is begun. A count fails open, and
 * `onUncounted` is told: a rate that stops everything whenever its cell is busy would be worse than one that
 * lets one too many pass.
 */
export function casTripwire(options: CasTripwireOptions): TripwireCounters {
  const { exchange, calls, time, maxSkewMs, onUncounted } = options;

  async function countIn(name: string, member: string, windowMs: number): Promise<number> {
    return exchange.run(name, (cell, now) => {
      const found = live(cellContent<Shard>(name, cell), now, windowMs);
      if (found.recent.includes(member)) return { reply: total(found) };
      const counted = countedOne(found, member, now, windowMs);
      const expiresAt = now + 2 * windowMs;
      return { reply: total(counted), draft: { value: cellJson(counted), expiresAt } };
    });
  }

  return {
    reserve: ({ digest, holder, fence, windowMs }) => {
      const name = cellName("tripwire", digest);
      type Reserved = "reserved" | { readonly taken: string };
      return exchange.run<Reserved>(
        name,
        (cell, now) => {
          const known = cellContent<Reservation>(name, cell);
          const isTaken = known !== undefined && known.until > now;
          if (isTaken && known.holder !== holder) return { reply: { taken: known.holder } };
          const until = now + windowMs + maxSkewMs;
          const mine = { holder, fence: isTaken ? Math.max(fence, known.fence) : fence, until };
          return {
            reply: "reserved",
            draft: { value: cellJson(mine), expiresAt: until },
          };
        },
        { assume: () => ({ cell: undefined }) },
      );
    },
    free: async ({ digest, holder, fence }) => {
      const name = cellName("tripwire", digest);
      await exchange.run(name, (cell) => {
        const known = cellContent<Reservation>(name, cell);
        if (known?.holder !== holder || known.fence > fence) return { reply: undefined };
        return { reply: undefined, draft: { value: null } };
      });
    },
    count: async ({ counter, member, windowMs }) => {
      const digest = hash("sha256", member, "hex").slice(0, 12);
      const own = Number.parseInt(digest.slice(0, 2), 16) % SHARDS;
      const names = Array.from(
        { length: SHARDS },
        (_, i) => `${cellName("counter", counter)}.${i}`,
      );
      const counts = names.map(async (name, i) => {
        try {
          if (i === own) return await countIn(name, digest, windowMs);
          return total(
            live(cellContent<Shard>(name, await calls.read(name)), time.now(), windowMs),
          );
        } catch (error) {
          if (!(error instanceof StoreUnavailableError)) throw error;
          onUncounted(error);
          return i === own ? 1 : 0;
        }
      });
      return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
    },
  };
}

function live(shard: Shard | undefined, now: number, windowMs: number): Shard {
  const slotMs = Math.ceil(windowMs / SLOTS);
  const slots = (shard?.slots ?? []).filter(([begin]) => begin + slotMs > now - windowMs);
  return { slots, recent: slots.length === 0 ? [] : (shard?.recent ?? []) };
}

function countedOne(shard: Shard, member: string, now: number, windowMs: number): Shard {
  const slotMs = Math.ceil(windowMs / SLOTS);
  const begin = Math.floor(now / slotMs) * slotMs;
  const before = shard.slots.find(([slot]) => slot === begin)?.[1] ?? 0;
  const others = shard.slots.filter(([slot]) => slot !== begin);
  const slots = [...others, [begin, before + 1] as const].sort(([a], [b]) => a - b);
  return { slots, recent: [...shard.recent, member].slice(-RECENT) };
}

function total({ slots }: Shard): number {
  return slots.reduce((sum, [, count]) => sum + count, 0);
}
