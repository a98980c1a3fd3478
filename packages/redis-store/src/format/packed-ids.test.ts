import { describe, expect, it } from "vitest";
import fc from "../../../../scripts/seeded-fast-check.mjs";
import { pack, unpack } from "./packed-ids.js";

const hex = (digits: number) => fc.stringMatching(new RegExp(`^[0-9a-f]{${digits}}$`));
const grouped = (...groups: number[]) =>
  fc.tuple(...groups.map(hex)).map((parts) => parts.join("-"));

describe("an id", () => {
  it.each([
    ["a UUID", grouped(8, 4, 4, 4, 12), 23],
    ["one of SES", grouped(16, 8, 4, 4, 4, 12, 6), 37],
    ["a fingerprint", hex(32).map((digits) => `v1:${digits}`), 23],
  ])("that is %s is packed and comes back", (_name, ids, length) => {
    fc.assert(
      fc.property(ids, (id) => {
        expect(pack(id)).toHaveLength(length);
        expect(unpack(pack(id))).toBe(id);
      }),
    );
  });

  it("of any other form comes back, too", () => {
    fc.assert(fc.property(fc.string(), (id) => unpack(pack(id)) === id));
  });
});
