import { describe, expect, it } from "vitest";
import fc from "../../../../scripts/seeded-fast-check.mjs";
import { formatAttemptId, parseAttemptId } from "./attempt-id.js";
import { canonicalJson, fingerprintOf } from "./fingerprint.js";
import { effectSlot, notificationKey, type KeyPart } from "./key.js";

const part = fc.oneof(
  fc.string({ minLength: 1, unit: "binary" }),
  fc.double({ noNaN: true, min: -(2 ** 53) + 1, max: 2 ** 53 - 1 }),
  fc.boolean(),
  fc.constant(null),
);

describe("notificationKey", () => {
  it("keeps apart what differs in type, number of parts, namespace or pipeline", () => {
    const parts: KeyPart[][] = [
      ["1"],
      [1],
      [true],
      ["true"],
      [null],
      ["null"],
      ["a", "b"],
      ["a,b"],
    ];
    const digests = [
      ...parts.map((p) => notificationKey("ns", "p", p).digest),
      notificationKey("ns", "p2", ["1"]).digest,
      notificationKey("ns2", "p", ["1"]).digest,
      notificationKey("ns", "p", ['a","b']).digest,
    ];
    expect(new Set(digests).size).toBe(digests.length);
  });

  it("is injective in its words", () => {
    fc.assert(
      fc.property(fc.array(part, { minLength: 1 }), fc.array(part, { minLength: 1 }), (a, b) => {
        const zeros = (parts: KeyPart[]) => parts.map((p) => (p === 0 ? 0 : p));
        const same = JSON.stringify(zeros(a)) === JSON.stringify(zeros(b));
        return (notificationKey("n", "p", a).text === notificationKey("n", "p", b).text) === same;
      }),
    );
  });

  it.each([[undefined], [Number.NaN], [""], [Number.POSITIVE_INFINITY], [{}], [2 ** 53]])(
    "refuses the part %s",
    (bad) => {
      expect(() => notificationKey("n", "p", ["a", bad as string])).toThrow(
        expect.objectContaining({ code: "INVALID_KEY" }) as Error,
      );
    },
  );

  it("refuses a key without parts", () => {
    expect(() => notificationKey("n", "p", [])).toThrow(/no parts/);
  });
});

describe("attempt ids", () => {
  it("lead back to the attempt and fit an SES tag", () => {
    const key = notificationKey("n", "p", ["x"]).digest;
    for (const slot of [
      effectSlot("email"),
      effectSlot("email", "to_me"),
      effectSlot("email", "Ünï"),
    ]) {
      const ref = { key, effect: slot, owner: "z".repeat(25), fence: 12, attemptNumber: 3 };
      const id = formatAttemptId(ref);
      expect(id).toMatch(/^[A-Za-z0-9_-]{1,200}$/);
      expect(parseAttemptId(id)).toEqual(ref);
    }
  });

  it("are not found in other texts", () => {
    for (const text of ["", "a-b-c-1-1", `${"0".repeat(32)}-Email-x-1-1`]) {
      expect(parseAttemptId(text)).toBeUndefined();
    }
  });

  it("keep parts apart, also those that look like a hash", () => {
    const hashed = effectSlot("email", "A B");
    const parts = ["A B", hashed.slice("email-".length), "a_b"];
    expect(new Set(parts.map((p) => effectSlot("email", p))).size).toBe(3);
  });
});

describe("fingerprintOf", () => {
  it("ignores the order of properties and nothing else", () => {
    expect(fingerprintOf({ a: 1, b: { c: [1, 2] } })).toBe(
      fingerprintOf({ b: { c: [1, 2] }, a: 1 }),
    );
    expect(fingerprintOf({ a: [1, 2] })).not.toBe(fingerprintOf({ a: [2, 1] }));
    expect(fingerprintOf({ a: "1" })).not.toBe(fingerprintOf({ a: 1 }));
    expect(fingerprintOf(JSON.parse('{"__proto__":{"x":1}}'))).not.toBe(fingerprintOf({}));
  });

  it("writes what JSON.stringify writes of the same value with its keys sorted", () => {
    const sortKeys = (_: string, value: unknown): unknown =>
      typeof value !== "object" || value === null || Array.isArray(value)
        ? value
        : Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
    const event = fc.oneof(
      fc.jsonValue(),
      fc.object({ withDate: true, withNullPrototype: true, withBigInt: false }),
    );
    fc.assert(
      fc.property(event, (value) => {
        expect(canonicalJson(value)).toBe(JSON.stringify(value, sortKeys) ?? "null");
      }),
    );
  });
});
