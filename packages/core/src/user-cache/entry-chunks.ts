/** Entries are stored in pieces of this size, which are also what a shared snapshot consists of. */
export const CHUNK_BYTES = 256 * 1024;

/** Entries start at multiples of this, so that 32 bits address 32 GiB. */
const UNIT = 8;
const UNITS_PER_CHUNK = CHUNK_BYTES / UNIT;

/** hash, next entry of the same key, key length, record length: four 32-bit words. */
const HEADER_BYTES = 16;
const NEXT = 4;
const KEY_LENGTH = 8;
const RECORD_LENGTH = 12;

/** An entry: where it is, and what it is found by. */
export interface Entry {
  readonly address: number;
  readonly hash: number;
  readonly key: Uint8Array;
}

/**
 * Entries in a few large buffers, which the garbage collector neither scans nor moves. All integers
 * are little-endian, so that chunks mean the same on every machine.
 */
export class EntryChunks {
  readonly #chunks: Buffer[] = [];
  readonly #used: number[] = [];
  #sealed = 0;
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  /** Chunks that nothing will be added to any more. */
  get sealed(): number {
    return this.#sealed;
  }

  /** The bytes of a chunk. */
  chunk(index: number): Uint8Array {
    return present(this.#chunks[index]).subarray(0, this.#used[index]);
  }

  /** Nothing is added to the chunks there are. */
  seal(): void {
    this.#sealed = this.#chunks.length;
  }

  /** Writes an entry that is the only one of its key. */
  write(hash: number, key: Uint8Array, record: Uint8Array): Entry {
    const address = this.#allocate(sizeOf(key.length, record.length));
    const chunk = this.#at(address);
    const offset = offsetOf(address);
    chunk.writeUInt32LE(hash, offset);
    chunk.writeUInt32LE(0, offset + NEXT);
    chunk.writeUInt32LE(key.length, offset + KEY_LENGTH);
    chunk.writeUInt32LE(record.length, offset + RECORD_LENGTH);
    chunk.set(key, offset + HEADER_BYTES);
    chunk.set(record, offset + HEADER_BYTES + key.length);
    return { address, hash, key };
  }

  /**
   * Takes over a chunk as it is, and tells the entries in it.
   *
   * @throws RangeError where the bytes are no chunk
   */
  *adopt(bytes: Uint8Array): Generator<Entry, void, void> {
    // A copy of its own: links are written into it, and a view would keep a larger buffer alive.
    const chunk = Buffer.allocUnsafeSlow(bytes.length);
    chunk.set(bytes);
    const first = this.#append(chunk, chunk.length) * UNITS_PER_CHUNK;
    this.seal();
    for (let offset = 0; offset < chunk.length;) {
      if (offset + HEADER_BYTES > chunk.length) throw notAChunk();
      const keyLength = chunk.readUInt32LE(offset + KEY_LENGTH);
      const size = sizeOf(keyLength, chunk.readUInt32LE(offset + RECORD_LENGTH));
      if (offset + size > chunk.length) throw notAChunk();
      const keyStart = offset + HEADER_BYTES;
      yield {
        address: first + offset / UNIT,
        hash: chunk.readUInt32LE(offset),
        key: chunk.subarray(keyStart, keyStart + keyLength),
      };
      offset += size;
    }
  }

  hashAt(address: number): number {
    return this.#at(address).readUInt32LE(offsetOf(address));
  }

  isKeyAt(address: number, hash: number, key: Uint8Array): boolean {
    const chunk = this.#at(address);
    const offset = offsetOf(address);
    if (chunk.readUInt32LE(offset) !== hash) return false;
    const length = chunk.readUInt32LE(offset + KEY_LENGTH);
    const start = offset + HEADER_BYTES;
    return length === key.length && chunk.compare(key, 0, length, start, start + length) === 0;
  }

  recordAt(address: number): Buffer {
    const chunk = this.#at(address);
    const offset = offsetOf(address);
    const start = offset + HEADER_BYTES + chunk.readUInt32LE(offset + KEY_LENGTH);
    return chunk.subarray(start, start + chunk.readUInt32LE(offset + RECORD_LENGTH));
  }

  /** The next entry of the same key, or -1. */
  nextOf(address: number): number {
    return this.#at(address).readUInt32LE(offsetOf(address) + NEXT) - 1;
  }

  /** Says which entry of the same key comes next; -1 for none. */
  linkTo(address: number, next: number): void {
    this.#at(address).writeUInt32LE(next + 1, offsetOf(address) + NEXT);
  }

  /** Where an entry of `size` bytes goes. A chunk is as large as its first entry needs, or more. */
  #allocate(size: number): number {
    let index = this.#chunks.length - 1;
    if (index < this.#sealed || (this.#used[index] ?? 0) + size > CHUNK_BYTES) {
      this.seal();
      index = this.#append(Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, size)), 0);
    }
    const offset = present(this.#used[index]);
    this.#used[index] = offset + size;
    return index * UNITS_PER_CHUNK + offset / UNIT;
  }

  #append(chunk: Buffer, usedBytes: number): number {
    this.#bytes += chunk.length;
    this.#used.push(usedBytes);
    return this.#chunks.push(chunk) - 1;
  }

  #at(address: number): Buffer {
    return present(this.#chunks[Math.floor(address / UNITS_PER_CHUNK)]);
  }
}

function offsetOf(address: number): number {
  return (address % UNITS_PER_CHUNK) * UNIT;
}

function sizeOf(keyLength: number, recordLength: number): number {
  return Math.ceil((HEADER_BYTES + keyLength + recordLength) / UNIT) * UNIT;
}

export function present<T>(value: T | undefined): T {
  if (value === undefined) throw new RangeError("packed users: an address out of range");
  return value;
}

function notAChunk(): RangeError {
  return new RangeError("packed users: these bytes are not a chunk of a snapshot");
}
