import { expect, it } from "vitest";
import { interleaved } from "./interleaved.js";

it("measures everybody once a round, each round beginning with another", async () => {
  const order: string[] = [];
  const results = await interleaved(["a", "b", "c"], 4, (name, run) => {
    order.push(name);
    return Promise.resolve(`${name}${run}`);
  });
  expect(order.join("")).toBe("abc" + "bca" + "cab" + "abc");
  expect([...results]).toEqual([
    ["a", ["a1", "a2", "a3", "a4"]],
    ["b", ["b1", "b2", "b3", "b4"]],
    ["c", ["c1", "c2", "c3", "c4"]],
  ]);
});
