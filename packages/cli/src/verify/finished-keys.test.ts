import { expect, it } from "vitest";
import { FinishedKeys, receiptHash } from "./finished-keys.js";

it("keeps what it was told of a hundred thousand keys", () => {
  const keys = new FinishedKeys();
  const of = (n: number) => ({
    ...{ fence: n % 1_000, effects: n % 3, isDead: n % 7 === 6 },
    receipts: receiptHash("email", `mail-${n}`),
  });
  for (let n = 0; n < 100_000; n += 1) keys.set(`key-${n}`, of(n));
  keys.set("key-5", of(8));
  expect(keys.size).toBe(100_000);
  expect(keys.get("key-5")).toEqual(of(8));
  expect(keys.get("key-99998")).toEqual(of(99_998));
  expect(keys.get("key-6")).toMatchObject({ isDead: true, fence: 6 });
  expect(keys.get("never")).toBeUndefined();
});
