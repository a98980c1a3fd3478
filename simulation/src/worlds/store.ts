import {
  type DedupeStore,
  memoryStore,
  type MemoryStore,
  UnreadableRecordError,
} from "@exactly-once/core";
import type { Clock, TripwireReservation } from "@exactly-once/core/ports";
import { EPOCH } from "../kernel/host.js";
import type { Kernel } from "../kernel/kernel.js";

/** Every write the server executed, with its answer: for the oracles. */
export type StoreEvent = {
  [Name in StoreCommand]: {
    readonly command: Name;
    readonly args: Parameters<DedupeStore[Name]>;
    readonly reply: Awaited<ReturnType<DedupeStore[Name]>>;
  };
}[StoreCommand];

/** What a failover can lose, as far as the oracles want to know of it. */
export type LostWrite = StoreEvent | { readonly command: "reserve"; readonly holder: string };

export type StoreCommand =
  | "claim"
  | "extend"
  | "begin"
  | "block"
  | "settle"
  | "complete"
  | "release"
  | "bury"
  | "resolve"
  | "unresolved"
  | "read";

export interface StoreWorldOptions {
  readonly kernel: Kernel;
  readonly retentionMs: number;
  /** Milliseconds the store's clock is ahead of true time. */
  readonly skewMs: number;
  observe(event: StoreEvent): void;
  onFree?(reservation: TripwireReservation): void;
  /** A replica took over that didn't know of these writes, which were acknowledged. */
  onFailOver?(lost: readonly LostWrite[]): void;
}

/**
 * The dedupe store as a server: the same table (`record/`) that every real store follows, reached
 * through a faulty network, and able to lose its last writes in a failover.
 */
export interface StoreWorld {
  execute<Name extends StoreCommand>(
    command: Name,
    args: Parameters<DedupeStore[Name]>,
  ): ReturnType<DedupeStore[Name]>;
  readonly control: MemoryStore["control"];
  readonly tripwire: MemoryStore["tripwire"];
  /** A record that this release can't read stands under the key until then, in true time. */
  makeUnreadable(key: string, until: number): void;
  wasUnreadable(key: string): boolean;
  /** A replica takes over that hadn't got the last `writes` commands. */
  failOver(writes: number): void;
  now(): number;
}

const WRITES: ReadonlySet<StoreCommand> = new Set([
  "claim",
  "extend",
  "begin",
  "block",
  "settle",
  "complete",
  "release",
  "bury",
  "resolve",
]);

interface Logged {
  readonly at: number;
  apply(store: MemoryStore): unknown;
  /** Once the server answered, unless nobody is to hear of it. */
  told?: LostWrite;
}

export function storeWorld(options: StoreWorldOptions): StoreWorld {
  const { kernel, retentionMs, skewMs, observe } = options;
  let log: Logged[] = [];
  let replayedAt: number | undefined;
  const now = (): number => replayedAt ?? EPOCH + kernel.now + skewMs;
  const clock: Clock = { now, monotonic: () => kernel.now, sleep: () => Promise.resolve() };
  let store = memoryStore({ clock, retentionMs });
  /** Until when each of these can't be read, in true time. */
  const unreadable = new Map<string, number>();
  const isUnreadable = (key: string): boolean => (unreadable.get(key) ?? 0) > kernel.now;

  /** What stands under a key from before its first claim only ever meets these two. */
  function withoutUnreadable(from: DedupeStore): DedupeStore {
    if (unreadable.size === 0) return from;
    const each = async <Item, Reply>(
      items: readonly Item[],
      keyOf: (item: Item) => string,
      ask: (readable: readonly Item[]) => Promise<readonly Reply[]>,
    ) => {
      const readable = items.filter((item) => !isUnreadable(keyOf(item)));
      const replies = [...(await ask(readable))];
      return items.map((item) =>
        readable.includes(item)
          ? (replies.shift() as Reply)
          : new UnreadableRecordError(keyOf(item), "it has a format of a later release"),
      );
    };
    return {
      ...from,
      claim: (items) =>
        each(
          items,
          ({ key }) => key,
          (readable) => from.claim(readable),
        ),
      read: (keys) =>
        each(
          keys,
          (key) => key,
          (readable) => from.read(readable),
        ),
    };
  }

  /** A write that a replica gets, too, unless it takes over before. */
  function write<Reply>(apply: (to: MemoryStore) => Reply, told?: LostWrite): Reply {
    log.push({ at: now(), apply, ...(told === undefined ? {} : { told }) });
    return apply(store);
  }

  function execute<Name extends StoreCommand>(
    command: Name,
    args: Parameters<DedupeStore[Name]>,
  ): ReturnType<DedupeStore[Name]> {
    type Reply = ReturnType<DedupeStore[Name]>;
    // A memory store decides before it returns; only its answer comes as a promise.
    const apply = (to: DedupeStore): Reply =>
      (withoutUnreadable(to)[command] as (...given: unknown[]) => unknown)(...args) as Reply;
    if (!WRITES.has(command)) return apply(store);
    const logged: Logged = { at: now(), apply };
    log.push(logged);
    const answer = apply(store);
    void (answer as Promise<unknown>).then((reply) => {
      const event = { command, args, reply } as unknown as StoreEvent;
      logged.told = event;
      observe(event);
    });
    return answer;
  }

  return {
    execute,
    now,
    makeUnreadable: (key, until) => void unreadable.set(key, until),
    wasUnreadable: (key) => unreadable.has(key),
    control: {
      pause: (...args) => write((to) => to.control.pause(...args)),
      resume: (...args) => write((to) => to.control.resume(...args)),
      status: (...args) => store.control.status(...args),
    },
    tripwire: {
      reserve: (item) =>
        write((to) => to.tripwire.reserve(item), { command: "reserve", holder: item.holder }),
      free: (item) => {
        options.onFree?.(item);
        return write((to) => to.tripwire.free(item));
      },
      count: (item) => write((to) => to.tripwire.count(item)),
    },
    failOver: (writes) => {
      const kept = Math.max(0, log.length - writes);
      const lost = log.slice(kept).flatMap(({ told }) => told ?? []);
      log = log.slice(0, kept);
      store = memoryStore({ clock, retentionMs });
      for (const { at, apply } of log) {
        replayedAt = at;
        void apply(store);
      }
      replayedAt = undefined;
      options.onFailOver?.(lost);
    },
  };
}
