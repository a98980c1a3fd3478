import { describe, expect, it } from "vitest";
import { Doubts } from "./doubts.js";

describe("a message that its provider refuses in words that blame nobody", () => {
  it("isn't blamed while no other is accepted either", () => {
    const doubts = new Doubts();
    for (let tries = 0; tries < 100; tries += 1) expect(doubts.isItsOwn("a")).toBe(false);
  });

  it("is blamed once it was refused three times with others accepted in between", () => {
    const doubts = new Doubts();
    expect(doubts.isItsOwn("a")).toBe(false);
    doubts.accepted();
    expect([doubts.isItsOwn("a"), doubts.isItsOwn("a")]).toEqual([false, false]);
    doubts.accepted();
    expect(doubts.isItsOwn("a")).toBe(true);
  });

  it("starts anew after that, and shares nothing with another", () => {
    const doubts = new Doubts();
    for (const _ of [1, 2, 3]) {
      doubts.isItsOwn("a");
      doubts.accepted();
    }
    expect([doubts.isItsOwn("a"), doubts.isItsOwn("b")]).toEqual([false, false]);
  });

  it("is forgotten in favour of later ones, so that memory stays bounded", () => {
    const doubts = new Doubts();
    doubts.isItsOwn("a");
    for (let number = 0; number < 1_000; number += 1) doubts.isItsOwn(`other ${number}`);
    doubts.accepted();
    doubts.isItsOwn("a");
    doubts.accepted();
    expect(doubts.isItsOwn("a")).toBe(false);
  });
});
