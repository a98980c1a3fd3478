import type { CasPort } from "../cas-store/cas-port.js";
import { cellContent, cellJson } from "../cas-store/cell-json.js";
import { cellName } from "../cas-store/cell-name.js";
import { createExchange, type Exchange } from "../cas-store/exchange.js";
import { portCalls, type PortCalls } from "../cas-store/port-calls.js";
import { storeTime, type StoreTime } from "../cas-store/store-time.js";
import { LONGEST_TIMER_MS, optionsOf } from "../options.js";
import type { Clock, Randomness } from "../ports/index.js";
import { systemClock, systemRandomness } from "../timing/system-clock.js";
import type {
  AcquireReply,
  RebuildLease,
  SharedSnapshot,
  SnapshotManifest,
} from "./shared-snapshot.js";

/** Of a {@link casUserSnapshot}. */
export interface CasUserSnapshotOptions {
  /** Tells snapshots apart, one for each user pool. 1 to 60 of `[A-Za-z0-9_.-]`. */
  readonly name: string;
  /** How long a replaced generation stays readable, ms. Default one minute. */
  readonly graceMs?: number | undefined;
  /** Milliseconds after which a call of the port without an answer is a fault. Default 5,000. */
  readonly callTimeoutMs?: number | undefined;
  /** Default: the system's. */
  readonly clock?: Clock | undefined;
  /** Default: the system's. */
  readonly randomness?: Pick<Randomness, "id"> | undefined;
}

interface Generation {
  readonly generation: string;
  readonly chunks: number;
  /** From then on nobody reads it. */
  readonly until: number;
}

/** The cell `snapshot/<name>`: who rebuilds, what is published, and what was before. */
interface State {
  /** Of the leases granted so far. */
  readonly fence: number;
  readonly lease?: (RebuildLease & { readonly until: number }) | undefined;
  readonly head?: { readonly manifest: SnapshotManifest; readonly until: number } | undefined;
  readonly former: readonly Generation[];
}

const NOTHING: State = { fence: 0, former: [] };
const DEFAULT_GRACE_MS = 60_000;
const DEFAULT_TIMEOUT_MS = 5_000;

/**
 * A shared snapshot of users in the cells of a port: a cell for each chunk, named by its generation, and one
 * that says which generation is published. A late write of a former owner goes to a generation that nobody
 * reads. The snapshot holds personal data: chunks expire with it, and are deleted with the next publication
 * at the latest.
 */
export function casUserSnapshot(port: CasPort, options: CasUserSnapshotOptions): SharedSnapshot {
  const parts = snapshotParts(port, options);
  const { base, calls, time } = parts;
  const chunks = chunkCells(parts);

  return {
    ...rebuildLeases(parts),
    head: async () => {
      const { head } = await readState(calls, base);
      await calls.learnTime();
      return head && head.until > time.now() ? head.manifest : undefined;
    },
    read: async (generation, first, count) => {
      const [state, found] = await Promise.all([
        readState(calls, base),
        chunks.read(generation, first, count),
      ]);
      return isReadable(state, generation, time.now()) ? found : undefined;
    },
    write: async (lease, chunk, bytes, ttlMs) => {
      const state = await readState(calls, base);
      if (!isHeld(state, lease, time.now())) return "lost";
      await chunks.write(generationOf(lease), chunk, bytes, ttlMs);
      return "written";
    },
    publish: async (lease, manifest, ttlMs) => {
      const generation = generationOf(lease);
      const over = await publish(parts, lease, (state, now) => {
        chunks.assertWhole(generation, manifest.chunks);
        const head = { manifest: { ...manifest, generation }, until: now + ttlMs };
        return { fence: state.fence, head, former: formerOf(state, now, parts.graceMs) };
      });
      chunks.forget(generation);
      if (over === "lost") return "lost";
      for (const of of over) await chunks.remove(of.generation, range(of.chunks));
      return "published";
    },
    abandon: async (lease) => {
      await giveBack(parts, lease);
      await chunks.removeWritten(generationOf(lease));
    },
  };
}

/** The right to rebuild, in the state's cell. */
function rebuildLeases(parts: SnapshotParts): Pick<SharedSnapshot, "acquire" | "extend"> {
  const { base, exchange } = parts;
  return {
    acquire: ({ owner, leaseMs }) =>
      exchange.run<AcquireReply>(base, (cell, now) => {
        const state = cellContent<State>(base, cell) ?? NOTHING;
        const { lease } = state;
        if (lease && lease.until > now) {
          if (lease.owner !== owner) {
            return { reply: { status: "busy", retryAfterMs: lease.until - now } };
          }
          return { reply: { status: "granted", lease: { owner, fence: lease.fence } } };
        }
        const granted = { owner, fence: state.fence + 1 };
        const until = now + leaseMs;
        const next: State = { ...state, fence: granted.fence, lease: { ...granted, until } };
        return {
          reply: { status: "granted", lease: granted },
          draft: { value: cellJson(next) },
        };
      }),
    extend: (lease, leaseMs) =>
      exchange.run<"held" | "lost">(base, (cell, now) => {
        const state = cellContent<State>(base, cell) ?? NOTHING;
        if (!isHeld(state, lease, now)) return { reply: "lost" };
        const { owner, fence } = lease;
        const next: State = { ...state, lease: { owner, fence, until: now + leaseMs } };
        return { reply: "held", draft: { value: cellJson(next) } };
      }),
  };
}

/** @returns the generations that nobody reads any more, whose chunks are to be removed */
async function publish(
  { base, exchange }: SnapshotParts,
  lease: RebuildLease,
  published: (state: State, now: number) => State,
): Promise<readonly Generation[] | "lost"> {
  return exchange.run<readonly Generation[] | "lost">(base, (cell, now) => {
    const state = cellContent<State>(base, cell) ?? NOTHING;
    if (!isHeld(state, lease, now)) return { reply: "lost" };
    const next = published(state, now);
    const over = state.former.filter(({ until }) => until <= now);
    return { reply: over, draft: { value: cellJson(next) } };
  });
}

async function giveBack({ base, exchange }: SnapshotParts, of: RebuildLease): Promise<void> {
  await exchange.run(base, (cell) => {
    const { lease, ...state } = cellContent<State>(base, cell) ?? NOTHING;
    if (lease?.owner !== of.owner || lease.fence !== of.fence) return { reply: undefined };
    return { reply: undefined, draft: { value: cellJson(state) } };
  });
}

/** Chunks, a cell each, named by their generation. */
function chunkCells({ base, calls, exchange }: SnapshotParts) {
  /** Those that this process wrote, by generation: who publishes is who wrote. */
  const written = new Map<string, Set<number>>();
  const nameOf = (generation: string, chunk: number): string =>
    cellName(base, `${generation}.${chunk}`);

  async function remove(generation: string, chunks: Iterable<number>): Promise<void> {
    for (const chunk of chunks) {
      await exchange.run(nameOf(generation, chunk), (cell) => ({
        reply: undefined,
        draft: cell && { value: null },
      }));
    }
  }

  return {
    remove,
    read: async (
      generation: string,
      first: number,
      count: number,
    ): Promise<readonly Uint8Array[] | undefined> => {
      const names = Array.from({ length: count }, (_, i) => nameOf(generation, first + i));
      const cells = await calls.readMany(names);
      const found = cells.map((cell, i) => {
        if (cell instanceof Error) throw cell;
        return cellContent<{ bytes: string }>(names[i] ?? "", cell);
      });
      const chunks = found.flatMap((content) =>
        content ? [Buffer.from(content.bytes, "base64")] : [],
      );
      return chunks.length === count ? chunks : undefined;
    },
    write: async (generation: string, chunk: number, bytes: Uint8Array, ttlMs: number) => {
      const value = cellJson({ bytes: Buffer.from(bytes).toString("base64") });
      await exchange.run(
        nameOf(generation, chunk),
        (_, now) => ({ reply: undefined, draft: { value, expiresAt: now + ttlMs } }),
        { assume: () => ({ cell: undefined }) },
      );
      written.set(generation, (written.get(generation) ?? new Set()).add(chunk));
    },
    assertWhole: (generation: string, chunks: number): void => {
      const missing = range(chunks).find((chunk) => written.get(generation)?.has(chunk) !== true);
      if (missing === undefined) return;
      throw new Error(`chunk ${missing} of the snapshot is missing; walk again`);
    },
    /** Nothing more is written under its lease. */
    forget: (generation: string): void => {
      written.delete(generation);
    },
    removeWritten: async (generation: string): Promise<void> => {
      await remove(generation, written.get(generation) ?? []);
      written.delete(generation);
    },
  };
}

interface SnapshotParts {
  readonly base: string;
  readonly graceMs: number;
  readonly calls: PortCalls;
  readonly exchange: Exchange;
  readonly time: StoreTime;
}

function snapshotParts(port: CasPort, options: CasUserSnapshotOptions): SnapshotParts {
  const check = optionsOf("casUserSnapshot");
  const rule = "1 to 60 of [A-Za-z0-9_.-]";
  const name = check.text("name", options.name, /^[A-Za-z0-9_.-]{1,60}$/, rule);
  const callTimeoutMs = check.ms("callTimeoutMs", options.callTimeoutMs ?? DEFAULT_TIMEOUT_MS, {
    to: LONGEST_TIMER_MS,
  });
  const clock = options.clock ?? systemClock();
  const time = storeTime(port, clock);
  const calls = portCalls({ port, clock, time, callTimeoutMs });
  return {
    base: cellName("snapshot", name),
    graceMs: check.ms("graceMs", options.graceMs ?? DEFAULT_GRACE_MS),
    exchange: createExchange(calls, time, options.randomness ?? systemRandomness()),
    ...{ calls, time },
  };
}

async function readState(calls: PortCalls, base: string): Promise<State> {
  return cellContent<State>(base, await calls.read(base)) ?? NOTHING;
}

function generationOf({ owner, fence }: RebuildLease): string {
  return `${fence}-${owner}`;
}

function isHeld({ lease }: State, { owner, fence }: RebuildLease, now: number): boolean {
  return lease?.owner === owner && lease.fence === fence && lease.until > now;
}

function isReadable({ head, former }: State, generation: string, now: number): boolean {
  if (head?.manifest.generation === generation) return head.until > now;
  return former.some((of) => of.generation === generation && of.until > now);
}

/** What stays readable for a while once the head is replaced. */
function formerOf({ head, former }: State, now: number, graceMs: number): readonly Generation[] {
  const kept = former.filter(({ until }) => until > now);
  if (head === undefined) return kept;
  const { generation, chunks } = head.manifest;
  return [...kept, { generation, chunks, until: Math.min(head.until, now + graceMs) }];
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
