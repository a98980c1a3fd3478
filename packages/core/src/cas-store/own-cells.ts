import type { CasCell } from "./cas-port.js";

/** A map that forgets what was set longest ago once it has `max` entries. */
export interface RecentMap<Value> {
  get(name: string): Value | undefined;
  set(name: string, value: Value): void;
  delete(name: string): void;
}

export function recentMap<Value>(max: number): RecentMap<Value> {
  const entries = new Map<string, Value>();
  return {
    get: (name) => entries.get(name),
    set: (name, value) => {
      entries.delete(name);
      entries.set(name, value);
      if (entries.size > max)
        for (const oldest of entries.keys()) return void entries.delete(oldest);
    },
    delete: (name) => {
      entries.delete(name);
    },
  };
}

/**
 * A claim of somebody else, as this process has seen it.
 *
 * Who wrote it held a lease of known length from then on; a process that has seen the same revision for so
 * long by its monotonic clock knows that it is over, whatever the clocks of both say.
 */
export interface Sighting {
  readonly revision: string;
  /** Monotonic ms. */
  readonly since: number;
}

/** Notes that this revision was seen; the first sight of it counts. */
export function sighted(known: Sighting | undefined, cell: CasCell, monotonic: number): Sighting {
  return known?.revision === cell.revision ? known : { revision: cell.revision, since: monotonic };
}
