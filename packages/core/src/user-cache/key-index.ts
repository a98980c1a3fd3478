import { present } from "./entry-chunks.js";

/**
 * The index is many small tables instead of a large one: doubling one of them takes microseconds,
 * where doubling a table of a million slots would hold up every lookup for tens of milliseconds.
 */
const SEGMENTS = 1024;
const SEGMENT_BITS = 10;
const FIRST_CAPACITY = 4;

/** Where a key's first entry is in the index, or belongs. */
export interface Place {
  readonly table: Uint32Array;
  readonly slot: number;
  /** The address of the key's first entry, or -1. */
  readonly head: number;
}

/** The address of each key's first entry, by the key's hash. */
export class KeyIndex {
  readonly #segments: (Uint32Array | undefined)[] = new Array<undefined>(SEGMENTS).fill(undefined);
  readonly #filled = new Uint32Array(SEGMENTS);
  readonly #hashAt: (address: number) => number;
  #keys = 0;
  #bytes = 0;

  /** @param hashAt the hash of the key of an entry */
  constructor(hashAt: (address: number) => number) {
    this.#hashAt = hashAt;
  }

  get keys(): number {
    return this.#keys;
  }

  get bytes(): number {
    return this.#bytes;
  }

  seek(hash: number, isKeyAt: (address: number) => boolean): Place {
    const table = this.#tableOf(hash);
    const mask = table.length - 1;
    for (let slot = (hash >>> SEGMENT_BITS) & mask; ; slot = (slot + 1) & mask) {
      const head = present(table[slot]) - 1;
      if (head < 0 || isKeyAt(head)) return { table, slot, head };
    }
  }

  /** Takes the place that was found for a new key. */
  insert({ table, slot }: Place, hash: number, address: number): void {
    table[slot] = address + 1;
    this.#keys += 1;
    const segment = hash & (SEGMENTS - 1);
    const count = (this.#filled[segment] = present(this.#filled[segment]) + 1);
    if (count * 4 > table.length * 3) this.#grow(segment, table);
  }

  #tableOf(hash: number): Uint32Array {
    const segment = hash & (SEGMENTS - 1);
    let table = this.#segments[segment];
    if (table === undefined) {
      table = this.#segments[segment] = new Uint32Array(FIRST_CAPACITY);
      this.#bytes += table.byteLength;
    }
    return table;
  }

  #grow(segment: number, small: Uint32Array): void {
    const large = new Uint32Array(small.length * 2);
    const mask = large.length - 1;
    for (const value of small) {
      if (value === 0) continue;
      let slot = (this.#hashAt(value - 1) >>> SEGMENT_BITS) & mask;
      while (large[slot] !== 0) slot = (slot + 1) & mask;
      large[slot] = value;
    }
    this.#segments[segment] = large;
    this.#bytes += large.byteLength - small.byteLength;
  }
}

/** FNV-1a with murmur3's finisher, which spreads it over the low bits that the index uses. */
export function hashOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
