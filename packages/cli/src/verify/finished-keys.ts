import { createHash } from "node:crypto";

/** What is kept of a key once it is done, or was dead-lettered. */
export interface Finished {
  /** Of the claim that completed it. */
  readonly fence: number;
  /** Dead-lettered: a redriven copy may claim it again. */
  readonly isDead: boolean;
  readonly effects: number;
  /** Of all its receipts, whatever their order. */
  readonly receipts: number;
}

const FIELDS = 4;
const MAX_EFFECTS = 254;
const DEAD = 255;
const FIRST_SLOTS = 1_024;

/**
 * Keys that are done, in 16 bytes each and a table that is at most half full: 32 bytes a key. Keys are
 * known by 64 bits of a digest, so that two of a hundred million are taken for one once in 3,700 times.
 */
export class FinishedKeys {
  #table = new Uint32Array(FIRST_SLOTS * FIELDS);
  #count = 0;

  get size(): number {
    return this.#count;
  }

  set(key: string, { fence, effects, receipts, isDead }: Finished): void {
    if (2 * (this.#count + 1) > this.#table.length / FIELDS) this.#grow();
    const [high, low] = digestOf(key);
    const at = find(this.#table, high, low);
    if (this.#table[at] === 0) this.#count += 1;
    const count = isDead ? DEAD : Math.min(effects, MAX_EFFECTS);
    const packed = (count << 24) | (fence & 0xff_ff_ff);
    this.#table.set([high, low, packed >>> 0, receipts >>> 0], at);
  }

  get(key: string): Finished | undefined {
    const [high, low] = digestOf(key);
    const at = find(this.#table, high, low);
    if (this.#table[at] === 0) return undefined;
    const packed = this.#table[at + 2] ?? 0;
    return {
      ...{ fence: packed & 0xff_ff_ff, effects: packed >>> 24, isDead: packed >>> 24 === DEAD },
      receipts: this.#table[at + 3] ?? 0,
    };
  }

  #grow(): void {
    const larger = new Uint32Array(this.#table.length * 2);
    for (let from = 0; from < this.#table.length; from += FIELDS) {
      const [high = 0, low = 0] = this.#table.subarray(from, from + 2);
      if (high !== 0)
        larger.set(this.#table.subarray(from, from + FIELDS), find(larger, high, low));
    }
    this.#table = larger;
  }
}

/** Where the key stands, or the free place for it. */
function find(table: Uint32Array, high: number, low: number): number {
  const slots = table.length / FIELDS;
  for (let slot = low % slots; ; slot = (slot + 1) % slots) {
    const at = slot * FIELDS;
    if (table[at] === 0 || (table[at] === high && table[at + 1] === low)) return at;
  }
}

/** The first is never 0, which marks a free place. */
function digestOf(key: string): readonly [high: number, low: number] {
  const bytes = createHash("sha256").update(key).digest();
  return [bytes.readUInt32LE(0) || 1, bytes.readUInt32LE(4)];
}

/** One effect's receipt; several are combined by exclusive or. */
export function receiptHash(effect: string, id: string): number {
  return createHash("sha256")
    .update(JSON.stringify([effect, id]))
    .digest()
    .readUInt32LE(0);
}
