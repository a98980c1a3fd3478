import { hashText, mix, unit } from "./hash.js";

/**
 * One place at which a fault can happen. `next()` answers 0 (nothing happens) or a magnitude in
 * (0, 1], and counts: the n-th answer of a site depends on the seed, the site's name and n alone.
 */
export interface Site {
  next(): number;
}

export interface DecisionOptions {
  readonly seed: number;
  /** Only these faults happen (`<site>#<n>`): a shrunken run. Absent: whatever the seed says. */
  readonly only?: ReadonlySet<string>;
  /** Share of fault kinds that are active in a run. */
  readonly swarm?: number;
  /** Kinds that are active in every run: what the scenario is about. */
  readonly always?: readonly string[];
}

/**
 * Every choice a run makes, each keyed by what it is about, so that taking one fault out of a run
 * leaves the others as they are.
 */
export interface Decisions {
  readonly seed: number;
  /**
   * @param place where, for example `a.store.begin`
   * @param fault what, for example `replyLost`
   * @param kind the unit that is switched on or off for a whole run, for example `store.replyLost`
   * @param rate share of occasions on which it happens, where the kind is active
   */
  site(place: string, fault: string, kind: string, rate: number): Site;
  /** Whether faults of this kind can happen at all in this run. */
  isActive(kind: string): boolean;
  /** A fixed property of the run in [0, 1): not a fault, never shrunk away. */
  property(name: string): number;
  /** One of the given values, fixed for the run. */
  pick<Value>(name: string, values: readonly Value[]): Value;
  /** What happened so far, in order. */
  readonly fired: readonly string[];
  /** How often each kind of fault happened. */
  readonly counts: ReadonlyMap<string, number>;
  /** From now on nothing happens any more. */
  calm(): void;
  readonly isCalm: boolean;
}

export function createDecisions(options: DecisionOptions): Decisions {
  const { seed, only, swarm = 0.25, always = [] } = options;
  const seedHash = mix(hashText("seed"), seed >>> 0) ^ Math.floor(seed / 0x1_0000_0000);
  const fired: string[] = [];
  const counts = new Map<string, number>();
  const activeKinds = new Map<string, boolean>(always.map((kind) => [kind, true]));
  let calm = false;

  const property = (name: string): number => unit(mix(seedHash, hashText(name)));

  function isActive(kind: string): boolean {
    const known = activeKinds.get(kind);
    if (known !== undefined) return known;
    const active = only !== undefined || property(`swarm:${kind}`) < swarm;
    activeKinds.set(kind, active);
    return active;
  }

  return {
    seed,
    property,
    isActive,
    pick: (name, values) => {
      const value = values[Math.floor(property(name) * values.length)];
      if (value === undefined) throw new RangeError(`nothing to pick for ${name}`);
      return value;
    },
    site: (place, fault, kind, rate) => {
      if (!isActive(kind)) return NEVER;
      const name = `${place}.${fault}`;
      const nameHash = mix(seedHash, hashText(name));
      // The intensity differs from run to run: one of many, or one of few.
      const share = rate * (0.25 + 1.75 * property(`intensity:${kind}`));
      let count = 0;
      return {
        next: () => {
          count += 1;
          if (calm) return 0;
          const chance = unit(mix(nameHash, count));
          if (only === undefined ? chance >= share : only.size === 0) return 0;
          const key = `${name}#${count}`;
          if (only !== undefined && !only.has(key)) return 0;
          fired.push(key);
          counts.set(kind, (counts.get(kind) ?? 0) + 1);
          // A fault that is asked for by name happens, whatever its rate.
          return chance < share ? 1 - chance / share : chance;
        },
      };
    },
    fired,
    counts,
    calm: () => {
      calm = true;
    },
    get isCalm() {
      return calm;
    },
  };
}

/** A place at which nothing happens. */
export const NEVER: Site = { next: () => 0 };
