import { memoryStore, type Clock, type DedupeStore, type MemoryStore } from "@exactly-once/core";
import { EPOCH } from "../kernel/host.js";
import type { Kernel } from "../kernel/kernel.js";

/** Every command the server executed, with its answer: for the oracles. */
export type StoreEvent = {
  [Name in StoreCommand]: {
    readonly command: Name;
    readonly args: Parameters<DedupeStore[Name]>;
    readonly reply: Awaited<ReturnType<DedupeStore[Name]>>;
  };
}[StoreCommand];

export type StoreCommand =
  | "claim"
  | "extend"
  | "begin"
  | "hold"
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
}

/**
 * The dedupe store as a server: the same table (`record.ts`) that every real store follows, reached
 * through a faulty network, and able to lose its last writes in a failover.
 */
export interface StoreWorld {
  execute<Name extends StoreCommand>(
    command: Name,
    args: Parameters<DedupeStore[Name]>,
  ): ReturnType<DedupeStore[Name]>;
  readonly control: MemoryStore["control"];
  readonly tripwire: MemoryStore["tripwire"];
  /** A replica takes over that hadn't got the last `writes` commands. */
  failOver(writes: number): void;
  now(): number;
}

const WRITES: ReadonlySet<StoreCommand> = new Set([
  "claim",
  "extend",
  "begin",
  "hold",
  "settle",
  "complete",
  "release",
  "bury",
  "resolve",
]);

interface Logged {
  readonly at: number;
  apply(store: DedupeStore): unknown;
}

export function storeWorld(options: StoreWorldOptions): StoreWorld {
  const { kernel, retentionMs, skewMs, observe } = options;
  let log: Logged[] = [];
  let replayedAt: number | undefined;
  const now = (): number => replayedAt ?? EPOCH + kernel.now + skewMs;
  const clock: Clock = { now, monotonic: () => kernel.now, sleep: () => Promise.resolve() };
  let store = memoryStore({ clock, retentionMs });

  return {
    get control() {
      return store.control;
    },
    get tripwire() {
      return store.tripwire;
    },
    now,
    execute: (command, args) => {
      const apply = (to: DedupeStore): unknown =>
        (to[command] as (...given: unknown[]) => unknown)(...args);
      if (WRITES.has(command)) log.push({ at: now(), apply });
      // A memory store decides before it returns; only its answer comes as a promise.
      const answer = apply(store) as ReturnType<DedupeStore[typeof command]>;
      void (answer as Promise<unknown>).then((reply) =>
        observe({ command, args, reply } as unknown as StoreEvent),
      );
      return answer;
    },
    failOver: (writes) => {
      log = log.slice(0, Math.max(0, log.length - writes));
      store = memoryStore({ clock, retentionMs });
      for (const { at, apply } of log) {
        replayedAt = at;
        void apply(store);
      }
      replayedAt = undefined;
    },
  };
}
