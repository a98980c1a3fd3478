import type { CasAnswer, CasPort, CasWrite, CasWritten } from "./cas-port.js";
import { memoryCasPort, type MemoryCasPort } from "../testing/memory-cas-port.js";
import { createVirtualClock, type VirtualClock } from "../testing/virtual-clock.js";

/** What becomes of a write: executed or not, answered or not, and perhaps once more later. */
export type WriteFate = "well" | "lost" | "answerLost" | "hangs" | "held";

/** A port whose calls are counted, and whose writes come to grief where a test says so. */
export interface TroubledPort {
  readonly clock: VirtualClock;
  readonly memory: MemoryCasPort;
  readonly port: CasPort;
  /** The names of each call, in order: `read a b`, `write a`. */
  readonly calls: string[];
  /** Fates of the next writes (calls), first first; then all is well. */
  readonly fates: WriteFate[];
  /** Executes the writes that were held. */
  release(): Promise<readonly string[]>;
  /** The most calls with one name under way at a time. */
  readonly mostAtOnce: number;
}

export function troubledPort(clockOf: CasPort["clock"] = "caller"): TroubledPort {
  const clock = createVirtualClock();
  const memory = memoryCasPort({ clock, clockOf });
  const calls: string[] = [];
  const fates: WriteFate[] = [];
  const held: (readonly CasWrite[])[] = [];
  const underWay = new Map<string, number>();
  let mostAtOnce = 0;
  const never = new AbortController().signal;

  async function write(
    items: readonly CasWrite[],
    signal: AbortSignal,
  ): Promise<CasAnswer<CasWritten>> {
    calls.push(`write ${items.map(({ name }) => name.slice(0, 4)).join(" ")}`);
    switch (fates.shift() ?? "well") {
      case "well":
        return memory.write(items, signal);
      case "lost":
        throw new Error("connection refused");
      case "answerLost":
        await memory.write(items, signal);
        throw new Error("connection reset");
      case "held":
        held.push(items);
        return new Promise(() => {});
      case "hangs":
        return new Promise(() => {});
    }
  }

  async function counted<T>(names: readonly string[], call: () => Promise<T>): Promise<T> {
    for (const name of names) {
      const count = (underWay.get(name) ?? 0) + 1;
      underWay.set(name, count);
      mostAtOnce = Math.max(mostAtOnce, count);
    }
    try {
      return await call();
    } finally {
      for (const name of names) underWay.set(name, (underWay.get(name) ?? 1) - 1);
    }
  }

  return {
    clock,
    memory,
    calls,
    fates,
    get mostAtOnce() {
      return mostAtOnce;
    },
    release: async () => {
      const replies = [];
      for (const items of held.splice(0)) replies.push(...(await memory.write(items, never)).items);
      return replies.map(String);
    },
    port: {
      ...memory,
      read: (names, signal) => {
        calls.push(`read ${names.map((name) => name.slice(0, 4)).join(" ")}`);
        return counted(names, () => memory.read(names, signal));
      },
      write: (items, signal) =>
        counted(
          items.map(({ name }) => name),
          () => write(items, signal),
        ),
    },
  };
}
