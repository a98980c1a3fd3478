import type { DedupeStore } from "@exactly-once/core";
import {
  type AttemptRef,
  type CasCell,
  type CasPort,
  casStore,
  type CasWrite,
  type ClaimRequest,
  type Clock,
  type Completion,
  type Lease,
  type LeaseExtension,
  type Outcome,
  recordName,
} from "@exactly-once/core/ports";
import { memoryCasPort } from "@exactly-once/core/testing";
import { AsyncLocalStorage } from "node:async_hooks";
import { EPOCH, type Life } from "../kernel/host.js";
import type { StoreCommand, StoreEvent, StoreWorld, StoreWorldOptions } from "./store.js";

/** A store that each process makes for itself, over a database that compares and sets. */
export interface CasSettings {
  /** Whose clock judges leases. */
  readonly clockOf: "caller" | "store";
  /** Ms that the clocks of two processes may differ by. */
  readonly maxSkewMs: number;
}

const UNREADABLE: CasCell = { revision: "later", value: '{"format":9}' };

/** What a process wanted with a write. */
interface Intent {
  readonly command: StoreCommand;
  readonly args: readonly unknown[];
}

export interface CasWorldOptions extends StoreWorldOptions {
  readonly cas: CasSettings;
}

/** What a process is given to make its store of. */
export interface CasClient {
  /** Absent: the server itself, which is never slow. */
  readonly life?: Life;
  readonly clock: Omit<Clock, "sleep">;
  readonly randomness: { id(): string };
  readonly callTimeoutMs: number;
  /** Carries calls to the database. */
  readonly port: CasPort;
}

/**
 * A database that compares and sets, reached through a faulty network: each process decides by itself, as
 * `casStore` does, and what the server executes is only whether a revision stands. What a write was for is
 * told to the oracles once it is executed.
 */
export interface CasWorld extends StoreWorld {
  readonly database: CasPort;
  /** A process's store over its wires to the database. */
  storeOf(client: CasClient): DedupeStore;
}

export function casWorld(options: CasWorldOptions): CasWorld {
  const { kernel, cas, retentionMs, skewMs, observe, onFree } = options;
  const intents = new Map<string, Intent>();
  const now = (): number => EPOCH + kernel.now + skewMs;
  const clock: Clock = { now, monotonic: () => kernel.now, sleep: () => new Promise(() => {}) };
  const memory = memoryCasPort({ clock, clockOf: cas.clockOf });
  /** Until when something that can't be read stands in a cell. */
  const unreadable = new Map<string, number>();
  const isUnreadable = (name: string): boolean => kernel.now < (unreadable.get(name) ?? 0);
  /**
   * A lease ends when the record says so. Its writer counted it from the clock as it knew it, which lags, and
   * before its write was on its way: from its execution on, it is shorter by that. Where processes go by their
   * own clocks no time of the record is everybody's: there it lasts as long as it was asked for.
   */
  const leaseOf: LeaseOf = (leaseUntil, asked) =>
    cas.clockOf === "store" ? leaseUntil - now() : asked;
  const database: CasPort = {
    ...memory,
    read: async (names, signal) => {
      const answer = await memory.read(names, signal);
      const items = names.map((name, i) => (isUnreadable(name) ? UNREADABLE : answer.items[i]));
      return { ...answer, items };
    },
    write: async (items, signal) => {
      // What expects nothing there, or what stood there before, is refused.
      const possible = items.filter(({ name }) => !isUnreadable(name));
      const answer = await memory.write(possible, signal);
      possible.forEach((item, i) => {
        const intent = intents.get(item.revision);
        const event = answer.items[i] === "written" && intent && eventOf(intent, item, leaseOf);
        if (event) observe(event);
      });
      const replies = items.map((item) => answer.items[possible.indexOf(item)] ?? "refused");
      return { ...answer, items: replies };
    },
  };

  /** A client's time limit is no timer of the consumer's: as the wires', it may outlast a stop. */
  const sleepOf =
    (life: Life | undefined): Clock["sleep"] =>
    (ms, signal) =>
      new Promise((resolve) => {
        if (life === undefined) return;
        const timer = kernel.schedule(kernel.now + ms, () => resolve(), life);
        signal?.addEventListener("abort", () => kernel.cancel(timer), { once: true });
      });

  function storeOf({ life, randomness, callTimeoutMs, port, ...of }: CasClient): DedupeStore {
    const { now: ownNow, monotonic } = of.clock;
    const own: Clock = { now: ownNow, monotonic, sleep: sleepOf(life) };
    const wanted = new AsyncLocalStorage<Intent>();
    const id = (): string => {
      const revision = randomness.id();
      const intent = wanted.getStore();
      if (intent) intents.set(revision, intent);
      return revision;
    };
    const store = casStore(port, {
      ...{ clock: own, randomness: { id }, callTimeoutMs, retentionMs },
      ...(cas.clockOf === "caller" ? { maxSkewMs: cas.maxSkewMs } : {}),
    });
    const told = <Name extends StoreCommand>(command: Name): DedupeStore[Name] =>
      ((...args: readonly unknown[]) =>
        wanted.run({ command, args }, () =>
          (store[command] as (...given: readonly unknown[]) => Promise<unknown>)(...args),
        )) as DedupeStore[Name];
    const settle = told("settle");
    return {
      ...store,
      ...{ claim: told("claim"), extend: told("extend"), begin: told("begin") },
      ...{ block: told("block"), complete: told("complete"), release: told("release") },
      ...{ bury: told("bury"), resolve: told("resolve") },
      settle: async (ref, outcome) => {
        const reply = await settle(ref, outcome);
        // What was settled before, and what is refused, writes nothing, and is an answer all the same.
        observe({ command: "settle", args: [ref, outcome], reply });
        return reply;
      },
      tripwire: {
        ...store.tripwire,
        free: (item) => {
          onFree?.(item);
          return store.tripwire.free(item);
        },
      },
    };
  }

  let ids = 0;
  const server = storeOf({
    ...{ clock, port: database, callTimeoutMs: 60_000 },
    randomness: { id: () => `server${(ids += 1).toString(36)}` },
  });
  const { control, tripwire } = server;
  if (!control || !tripwire) throw new Error("casStore has both");
  return {
    ...{ database, storeOf, now, control, tripwire },
    execute: (command, args) =>
      (server[command] as (...given: readonly unknown[]) => never)(...args),
    makeUnreadable: (key, until) => void unreadable.set(recordName(key), until),
    wasUnreadable: (key) => unreadable.has(recordName(key)),
    failOver: () => {
      throw new Error("A database that answers once a write is replicated loses none.");
    },
  };
}

interface Written {
  readonly state: string;
  readonly owner: string;
  readonly fence: number;
  /** By the clock that judges leases. */
  readonly leaseUntil: number;
  readonly effects: readonly { readonly effect: string; readonly state: string }[];
}

/** Ms from now on that a lease lasts which a record was written with, of what was asked for. */
type LeaseOf = (leaseUntil: number, askedMs: number) => number;

/** What the command answers whose write was executed. */
function eventOf(
  { command, args }: Intent,
  item: CasWrite,
  leaseOf: LeaseOf,
): StoreEvent | undefined {
  const record = JSON.parse(item.value ?? "{}") as Partial<Written>;
  // Of another cell than a record's.
  if (record.effects === undefined) return undefined;
  const { state, owner, fence = 0, leaseUntil = 0, effects } = record;
  const leased = <Of extends { readonly leaseMs: number }>(of: Of): Of => ({
    ...of,
    leaseMs: leaseOf(leaseUntil, of.leaseMs),
  });
  const mine = <Of extends Lease | ClaimRequest>(): readonly Of[] =>
    (args[0] as readonly Of[]).filter((of) => recordName(of.key) === item.name);
  switch (command) {
    case "claim": {
      const requests = mine<ClaimRequest>().filter(
        (of) => state !== "claimed" || of.owner === owner,
      );
      const reply = state === "claimed" ? "claimed" : "done";
      const replies = requests.map(() => ({ status: reply, fence, effects: [] }));
      return { command, args: [requests.map(leased)], reply: replies } as unknown as StoreEvent;
    }
    case "extend": {
      const items = mine<LeaseExtension>().filter((of) => of.owner === owner && of.fence === fence);
      return { command, args: [items.map(leased)], reply: items.map(() => "extended") };
    }
    case "complete": {
      const items = mine<Completion>().filter((of) => of.owner === owner && of.fence === fence);
      return { command, args: [items], reply: items.map(() => "done") };
    }
    case "release": {
      const items = mine<Lease>().filter((of) => of.owner === owner && of.fence === fence);
      return { command, args: [items], reply: items.map(() => "released") };
    }
    case "settle": {
      const [ref, outcome] = args as unknown as readonly [AttemptRef, Outcome];
      const stands = effects.find(({ effect }) => effect === ref.effect)?.state;
      const isOpen = outcome.status === "rejected" && stands === "unknown";
      const reply = isOpen ? { unknown: {} } : "settled";
      return { command, args, reply } as unknown as StoreEvent;
    }
    default:
      return { command, args, reply: REPLIES[command] } as unknown as StoreEvent;
  }
}

const REPLIES: Partial<Record<StoreCommand, string>> = {
  begin: "granted",
  block: "blocked",
  bury: "dead",
  resolve: "resolved",
};
