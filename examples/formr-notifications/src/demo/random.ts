/** A seeded source of chance, so that a seed names a workload. */
export interface Random {
  /** A whole number from 0 to `below - 1`. */
  whole(below: number): number;
  /** One of the items; there must be one. */
  pick<T>(items: readonly T[]): T;
  /** One of the keys, each as often as its weight says. */
  weighted<K extends string>(weights: Readonly<Record<K, number>>): K;
  /** A UUID, version 4 by its looks. */
  uuid(): string;
}

/** Mulberry32 (Tommy Ettinger, public domain): 32 bits of state, even enough for a workload. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;

  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  const whole = (below: number): number => Math.floor(next() * below);

  function pick<T>(items: readonly T[]): T {
    const item = items[whole(items.length)];
    if (item === undefined) throw new RangeError("nothing to pick from");
    return item;
  }

  return {
    whole,
    pick,
    weighted(weights) {
      const entries = Object.entries<number>(weights) as [keyof typeof weights, number][];
      let left = next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
      const chosen = entries.find(([, weight]) => (left -= weight) < 0) ?? entries[0];
      if (chosen === undefined) throw new RangeError("nothing to weigh");
      return chosen[0];
    },
    uuid() {
      const hex = Array.from({ length: 32 }, () => whole(16).toString(16)).join("");
      const variant = pick(["8", "9", "a", "b"]);
      return [
        hex.slice(0, 8),
        hex.slice(8, 12),
        `4${hex.slice(13, 16)}`,
        `${variant}${hex.slice(17, 20)}`,
        hex.slice(20),
      ].join("-");
    },
  };
}
