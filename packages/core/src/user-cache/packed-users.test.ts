import { describe, expect, it } from "vitest";

import fc from "../../../../scripts/seeded-fast-check.mjs";
import { CHUNK_BYTES } from "./entry-chunks.js";
import { createPackedUsers, type PackedUsers } from "./packed-users.js";

const bytes = (text: string): Uint8Array => Buffer.from(text);
const texts = (packed: PackedUsers, key: string): string[] =>
  packed.get(key).map((record) => Buffer.from(record).toString());

function copyOf(packed: PackedUsers): PackedUsers {
  const copy = createPackedUsers();
  packed.seal();
  for (let index = 0; index < packed.sealedChunks; index += 1) {
    for (const _slice of copy.adopt(Uint8Array.from(packed.chunk(index)), 7));
  }
  return copy;
}

describe("packed users", () => {
  it("are a map from keys to the distinct records added, and so is a copy of their chunks", () => {
    const entry = fc.tuple(
      fc.string({ unit: "grapheme", maxLength: 4 }),
      fc.string({ maxLength: 6 }),
    );
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 300 }), (added) => {
        const packed = createPackedUsers();
        const expected = new Map<string, Set<string>>();
        for (const [key, record] of added) {
          const of = expected.get(key) ?? new Set();
          expect(packed.add(key, bytes(record))).toBe(!of.has(record));
          expected.set(key, of.add(record));
        }
        for (const users of [packed, copyOf(packed)]) {
          expect(users.keys).toBe(expected.size);
          for (const [key, of] of expected) {
            expect(texts(users, key).sort()).toEqual([...of].slice(0, 64).sort());
          }
          expect(users.get("a key that is too long")).toEqual([]);
        }
      }),
    );
  });

  it("find each of 100,000, over many chunks and many doublings of the index", () => {
    const packed = createPackedUsers();
    for (let n = 0; n < 100_000; n += 1) packed.add(`key-${n}`, bytes(`record of ${n}`));
    const copy = copyOf(packed);
    expect(packed.sealedChunks).toBeGreaterThan(10);
    for (const users of [packed, copy]) {
      expect([users.entries, users.keys]).toEqual([100_000, 100_000]);
      for (let n = 0; n < 100_000; n += 997) {
        expect(texts(users, `key-${n}`)).toEqual([`record of ${n}`]);
      }
      expect(users.get("key-100000")).toEqual([]);
    }
  });

  it("take a record larger than a chunk, and go on after it", () => {
    const packed = createPackedUsers();
    const large = "x".repeat(CHUNK_BYTES + 5);
    packed.add("before", bytes("1"));
    packed.add("large", bytes(large));
    packed.add("after", bytes("2"));
    for (const users of [packed, copyOf(packed)]) {
      expect(texts(users, "large")).toEqual([large]);
      expect([texts(users, "before"), texts(users, "after")]).toEqual([["1"], ["2"]]);
    }
  });

  it("stay quick when bad data gives everybody the same key", () => {
    const packed = createPackedUsers();
    for (let n = 0; n < 50_000; n += 1) packed.add("same", bytes(`${n}`));
    expect([packed.entries, packed.get("same").length]).toEqual([50_000, 64]);
  });

  it("say which chunks are finished, while more is added", () => {
    const packed = createPackedUsers();
    const record = new Uint8Array(CHUNK_BYTES / 3);
    for (let n = 0; n < 3; n += 1) packed.add(`${n}`, record);
    expect(packed.sealedChunks).toBe(1);
    packed.seal();
    expect(packed.sealedChunks).toBe(2);
  });

  it("refuse bytes that are no chunk", () => {
    const packed = createPackedUsers();
    packed.add("key", bytes("record"));
    const torn = Uint8Array.from(packed.chunk(0)).slice(0, -3);
    expect(() => [...createPackedUsers().adopt(torn, 10)]).toThrow("not a chunk");
    expect(() => [...createPackedUsers().adopt(Uint8Array.of(1, 2, 3), 10)]).toThrow("not a chunk");
  });
});
