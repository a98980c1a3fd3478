import { describe, expect, it } from "vitest";
import { fingerprintLike, fingerprintOf } from "./fingerprint.js";

/** Records in stores are bound by these: they may never change. */
const V1 = [
  [null, "v1:74234e98afe7498fb5daf1f36ac2d78a"],
  ["submitted", "v1:e6398ed0e4317252f107e014b8cca78c"],
  [{ b: [1, true, null], a: { d: "ü", c: -0.5 } }, "v1:7df9b3c6bd2a34aeedb9d82538f70c9f"],
  [{ traineeId: "t1", at: new Date(0), none: undefined }, "v1:5b674703682901e9916316c958372cdf"],
] as const;

describe("a fingerprint", () => {
  it.each(V1)("of version 1 stays what it was: %j", (content, digest) => {
    expect(fingerprintOf(content)).toBe(digest);
    expect(fingerprintLike("v1:", content)).toBe(digest);
  });

  it("doesn't depend on the order of properties", () => {
    expect(fingerprintOf({ a: 1, b: 2 })).toBe(fingerprintOf({ b: 2, a: 1 }));
    expect(fingerprintOf([1, 2])).not.toBe(fingerprintOf([2, 1]));
  });

  it("is computed in another's version", () => {
    const versions = { v1: () => "one", v2: () => "two" };
    expect(fingerprintLike("v2:anything", {}, versions)).toBe("v2:two");
  });

  it.each(["v2:00", "v10:00", "__proto__:00", "toString:00", ""])(
    "isn't computed in a version that isn't known: %j",
    (bound) => {
      expect(fingerprintLike(bound, {})).toBeUndefined();
    },
  );
});
