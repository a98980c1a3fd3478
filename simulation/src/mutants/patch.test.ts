import { describe, expect, it } from "vitest";
import { MUTANTS } from "./list.js";
import { applyPatches, placesIn } from "./patch.js";

describe("simulation: a planted bug", () => {
  it.each(MUTANTS)("$name applies exactly once", ({ patches }) => {
    expect(applyPatches(patches).size).toBeGreaterThan(0);
  });

  it("is refused where its text isn't there, or more than once", () => {
    const [known] = MUTANTS[0]?.patches ?? [];
    if (!known) throw new Error("no bug is planted");
    expect(() => applyPatches([{ ...known, find: "nowhere()" }])).toThrow("fits 0 times");
    expect(() => applyPatches([known, known])).toThrow("fits 0 times");
    expect(() => applyPatches([{ ...known, find: ";" }])).toThrow(/fits \d\d+ times/);
  });
});

describe("simulation: where a planted bug fits", () => {
  const places = (text: string, within: string, find: string) =>
    placesIn("src/effects.ts", text, { within, find, replace: "" }).map(({ start, end }) =>
      text.slice(start, end),
    );

  it("is one function, not another with the same text", () => {
    const text = "function one() { return a; } const two = () => { return a; };";
    expect(places(text, "two", "return a")).toHaveLength(1);
    expect(places(text, "three", "return a")).toEqual([]);
  });

  it("is a method of a class, of an object, or a function within another", () => {
    const text = `
      class Batcher { constructor() { a(); } add() { a(); } }
      function createQueue() { const add = () => { a(); }; return { add, stop: () => { a(); }, end() { a(); } }; }`;
    for (const name of ["Batcher.add", "createQueue.add", "stop", "end", "Batcher.constructor"]) {
      expect(places(text, name, "a();"), name).toHaveLength(1);
    }
    expect(places(text, "add", "a();")).toHaveLength(2);
    expect(places(text, "effects/stop", "a();")).toHaveLength(1);
    expect(places(text, "other/stop", "a();")).toHaveLength(0);
  });

  it("is the same, however the function is written", () => {
    const text = `function f() {
      call( // why
        a,
        'b',
      ); /* more */ end();
    }`;
    expect(places(text, "f", 'call(a, "b"); end()')).toHaveLength(1);
    expect(places(text, "f", 'call(a, "c")')).toEqual([]);
  });

  it("minds templates and regular expressions", () => {
    const text = "function f() { return `{a${b({ c: `}` })}` + d.replace(/'}/g, e) + g / h; }";
    expect(places(text, "f", "`{a${b({c: `}`})}`")).toHaveLength(1);
    expect(places(text, "f", "/'}/g")).toHaveLength(1);
    expect(places(text, "f", "g/h")).toHaveLength(1);
    expect(places(text, "f", "`{a${c}`")).toEqual([]);
  });
});
