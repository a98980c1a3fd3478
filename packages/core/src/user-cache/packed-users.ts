/** Entries are stored in pieces of this size, which are also what a shared snapshot consists of. */
export const CHUNK_BYTES = 256 * 1024;

/** Entries start at multiples of this, so that 32 bits address 32 GiB. */
const UNIT = 8;
const UNITS_PER_CHUNK = CHUNK_BYTES / UNIT;
/**
 * The index is many small tables instead of a large one: doubling one of them takes microseconds,
 * where doubling a table of a million slots would hold up every lookup for tens of milliseconds.
 */
const SEGMENTS = 1024;
const SEGMENT_BITS = 10;
const FIRST_CAPACITY = 4;
/** So many records of one key are looked at; no person has more accounts, but bad data might. */
const MAX_RECORDS_PER_KEY = 64;

/** hash, next entry of the same key, key length, record length: four 32-bit words. */
const HEADER_BYTES = 16;
const NEXT = 4;
const KEY_LENGTH = 8;
const RECORD_LENGTH = 12;

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

/**
 * An append-only multimap in a few large buffers, which the garbage collector neither scans nor
 * moves. All integers are little-endian, so that chunks mean the same on every machine.
 */
export function createPackedUsers(): PackedUsers {
  const chunks: Buffer[] = [];
  const used: number[] = [];
  const segments: (Uint32Array | undefined)[] = new Array<undefined>(SEGMENTS).fill(undefined);
  const filled = new Uint32Array(SEGMENTS);
  let sealed = 0;
  let entries = 0;
  let keys = 0;
  let chunkBytes = 0;
  let tableBytes = 0;

  const chunkAt = (address: number): Buffer =>
    present(chunks[Math.floor(address / UNITS_PER_CHUNK)]);
  const offsetAt = (address: number): number => (address % UNITS_PER_CHUNK) * UNIT;

  /** Where an entry of `size` bytes goes. A chunk is as large as its first entry needs, or more. */
  function allocate(size: number): number {
    let index = chunks.length - 1;
    if (index < sealed || (used[index] ?? 0) + size > CHUNK_BYTES) {
      sealed = chunks.length;
      index = append(Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, size)), 0);
    }
    const offset = present(used[index]);
    used[index] = offset + size;
    return index * UNITS_PER_CHUNK + offset / UNIT;
  }

  function append(chunk: Buffer, usedBytes: number): number {
    chunkBytes += chunk.length;
    used.push(usedBytes);
    return chunks.push(chunk) - 1;
  }

  /** The first entry of the key, or -1; the slot is where it is, or where it belongs. */
  function seek(hash: number, key: Uint8Array): { table: Uint32Array; slot: number; head: number } {
    const segment = hash & (SEGMENTS - 1);
    let table = segments[segment];
    if (table === undefined) {
      table = segments[segment] = new Uint32Array(FIRST_CAPACITY);
      tableBytes += table.byteLength;
    }
    const mask = table.length - 1;
    for (let slot = (hash >>> SEGMENT_BITS) & mask; ; slot = (slot + 1) & mask) {
      const head = present(table[slot]) - 1;
      if (head < 0 || isKey(head, hash, key)) return { table, slot, head };
    }
  }

  function isKey(address: number, hash: number, key: Uint8Array): boolean {
    const chunk = chunkAt(address);
    const offset = offsetAt(address);
    if (chunk.readUInt32LE(offset) !== hash) return false;
    const length = chunk.readUInt32LE(offset + KEY_LENGTH);
    const start = offset + HEADER_BYTES;
    return length === key.length && chunk.compare(key, 0, length, start, start + length) === 0;
  }

  function recordAt(address: number): Buffer {
    const chunk = chunkAt(address);
    const offset = offsetAt(address);
    const start = offset + HEADER_BYTES + chunk.readUInt32LE(offset + KEY_LENGTH);
    return chunk.subarray(start, start + chunk.readUInt32LE(offset + RECORD_LENGTH));
  }

  function* chain(head: number): Generator<number, void, void> {
    for (let address = head, seen = 0; address >= 0 && seen < MAX_RECORDS_PER_KEY; seen += 1) {
      yield address;
      address = chunkAt(address).readUInt32LE(offsetAt(address) + NEXT) - 1;
    }
  }

  /** Makes an entry findable: in a slot of its own, or second in the chain of its key. */
  function link(address: number, hash: number, key: Uint8Array): void {
    const { table, slot, head } = seek(hash, key);
    let next = 0;
    if (head >= 0) {
      const chunk = chunkAt(head);
      const at = offsetAt(head) + NEXT;
      next = chunk.readUInt32LE(at);
      chunk.writeUInt32LE(address + 1, at);
    } else {
      table[slot] = address + 1;
      keys += 1;
      const segment = hash & (SEGMENTS - 1);
      const count = (filled[segment] = present(filled[segment]) + 1);
      if (count * 4 > table.length * 3) grow(segment, table);
    }
    chunkAt(address).writeUInt32LE(next, offsetAt(address) + NEXT);
    entries += 1;
  }

  function grow(segment: number, small: Uint32Array): void {
    const large = new Uint32Array(small.length * 2);
    const mask = large.length - 1;
    for (const value of small) {
      if (value === 0) continue;
      const hash = chunkAt(value - 1).readUInt32LE(offsetAt(value - 1));
      let slot = (hash >>> SEGMENT_BITS) & mask;
      while (large[slot] !== 0) slot = (slot + 1) & mask;
      large[slot] = value;
    }
    segments[segment] = large;
    tableBytes += large.byteLength - small.byteLength;
  }

  return {
    add(key, record) {
      const keyBytes = Buffer.from(key);
      const hash = hashOf(keyBytes);
      const { head } = seek(hash, keyBytes);
      for (const address of chain(head)) {
        if (recordAt(address).equals(record)) return false;
      }
      const address = allocate(sizeOf(keyBytes.length, record.length));
      const chunk = chunkAt(address);
      const offset = offsetAt(address);
      chunk.writeUInt32LE(hash, offset);
      chunk.writeUInt32LE(keyBytes.length, offset + KEY_LENGTH);
      chunk.writeUInt32LE(record.length, offset + RECORD_LENGTH);
      chunk.set(keyBytes, offset + HEADER_BYTES);
      chunk.set(record, offset + HEADER_BYTES + keyBytes.length);
      link(address, hash, keyBytes);
      return true;
    },

    get(key) {
      const keyBytes = Buffer.from(key);
      return [...chain(seek(hashOf(keyBytes), keyBytes).head)].map(recordAt);
    },

    get entries() {
      return entries;
    },
    get keys() {
      return keys;
    },
    get bytes() {
      return chunkBytes + tableBytes;
    },
    get sealedChunks() {
      return sealed;
    },

    chunk: (index) => present(chunks[index]).subarray(0, used[index]),

    seal() {
      sealed = chunks.length;
    },

    *adopt(bytes, entriesPerSlice) {
      // A copy of its own: links are written into it, and a view would keep a larger buffer alive.
      const chunk = Buffer.allocUnsafeSlow(bytes.length);
      chunk.set(bytes);
      const index = append(chunk, chunk.length);
      sealed = chunks.length;
      let sliced = 0;
      for (let offset = 0; offset < chunk.length;) {
        if (offset + HEADER_BYTES > chunk.length) throw notAChunk();
        const keyLength = chunk.readUInt32LE(offset + KEY_LENGTH);
        const size = sizeOf(keyLength, chunk.readUInt32LE(offset + RECORD_LENGTH));
        if (offset + size > chunk.length) throw notAChunk();
        const keyStart = offset + HEADER_BYTES;
        link(
          index * UNITS_PER_CHUNK + offset / UNIT,
          chunk.readUInt32LE(offset),
          chunk.subarray(keyStart, keyStart + keyLength),
        );
        offset += size;
        sliced += 1;
        if (sliced % entriesPerSlice === 0) yield;
      }
    },
  };
}

function sizeOf(keyLength: number, recordLength: number): number {
  return Math.ceil((HEADER_BYTES + keyLength + recordLength) / UNIT) * UNIT;
}

/** FNV-1a with murmur3's finisher, which spreads it over the low bits that the index uses. */
function hashOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new RangeError("packed users: an address out of range");
  return value;
}

function notAChunk(): RangeError {
  return new RangeError("packed users: these bytes are not a chunk of a snapshot");
}
