import { EntryChunks, type Entry } from "./entry-chunks.js";
import { KeyIndex, hashOf, type Place } from "./key-index.js";

/** So many records of one key are looked at; no person has more accounts, but bad data might. */
const MAX_RECORDS_PER_KEY = 64;

/** Records by key, as bytes: about 30 bytes an entry beside the key and the record themselves. */
export interface PackedUsers {
  /** Adds a record under a key. False where the very same record is there already. */
  add(key: string, record: Uint8Array): boolean;
  /** The records of a key, at most 64 of them; views, not copies. */
  get(key: string): readonly Uint8Array[];
  readonly entries: number;
  readonly keys: number;
  /** Memory held, index included. */
  readonly bytes: number;
  /** Chunks that nothing will be added to any more; all of them after `seal()`. */
  readonly sealedChunks: number;
  /** The bytes of a chunk; what `adopt` of another instance takes. */
  chunk(index: number): Uint8Array;
  /** Nothing is added after this. */
  seal(): void;
  /**
   * Takes over a chunk of another instance, in the same order, and yields after every
   * `entriesPerSlice` entries so that the caller can let others run. Throws when the bytes are not
   * a chunk.
   */
  adopt(chunk: Uint8Array, entriesPerSlice: number): Generator<void, void, void>;
}

/** An append-only multimap: entries in chunks, and an index of their keys. */
export function createPackedUsers(): PackedUsers {
  return new Packed();
}

class Packed implements PackedUsers {
  readonly #chunks = new EntryChunks();
  readonly #index = new KeyIndex((address) => this.#chunks.hashAt(address));
  #entries = 0;

  get entries(): number {
    return this.#entries;
  }

  get keys(): number {
    return this.#index.keys;
  }

  get bytes(): number {
    return this.#chunks.bytes + this.#index.bytes;
  }

  get sealedChunks(): number {
    return this.#chunks.sealed;
  }

  add(key: string, record: Uint8Array): boolean {
    const keyBytes = Buffer.from(key);
    const hash = hashOf(keyBytes);
    const place = this.#seek(hash, keyBytes);
    for (const address of this.#sameKey(place.head)) {
      if (this.#chunks.recordAt(address).equals(record)) return false;
    }
    this.#link(place, this.#chunks.write(hash, keyBytes, record));
    return true;
  }

  get(key: string): readonly Uint8Array[] {
    const keyBytes = Buffer.from(key);
    const { head } = this.#seek(hashOf(keyBytes), keyBytes);
    return Array.from(this.#sameKey(head), (address) => this.#chunks.recordAt(address));
  }

  chunk(index: number): Uint8Array {
    return this.#chunks.chunk(index);
  }

  seal(): void {
    this.#chunks.seal();
  }

  *adopt(chunk: Uint8Array, entriesPerSlice: number): Generator<void, void, void> {
    let sliced = 0;
    for (const entry of this.#chunks.adopt(chunk)) {
      this.#link(this.#seek(entry.hash, entry.key), entry);
      sliced += 1;
      if (sliced % entriesPerSlice === 0) yield;
    }
  }

  #seek(hash: number, key: Uint8Array): Place {
    return this.#index.seek(hash, (address) => this.#chunks.isKeyAt(address, hash, key));
  }

  *#sameKey(head: number): Generator<number, void, void> {
    for (let address = head, seen = 0; address >= 0 && seen < MAX_RECORDS_PER_KEY; seen += 1) {
      yield address;
      address = this.#chunks.nextOf(address);
    }
  }

  /** Makes an entry findable: by a place of its own, or second among those of its key. */
  #link(place: Place, { address, hash }: Entry): void {
    const { head } = place;
    this.#chunks.linkTo(address, head < 0 ? -1 : this.#chunks.nextOf(head));
    if (head < 0) this.#index.insert(place, hash, address);
    else this.#chunks.linkTo(head, address);
    this.#entries += 1;
  }
}
