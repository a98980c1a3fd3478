import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { sources } from "../scripts.js";
import {
  ARGUMENTS,
  EFFECT,
  EFFECT_STATES,
  PACKINGS,
  RECORD,
  RECORD_STATES,
  REPLIES,
  VIAS,
} from "./description.js";
import { pack } from "./packed-ids.js";

const scripts = Object.keys(ARGUMENTS) as (keyof typeof ARGUMENTS)[];
const page = readFileSync(new URL("../../../../docs/format.md", import.meta.url), "utf8");

it.each(scripts)("%s takes its arguments in the order that is described", (script) => {
  const [, list = ""] = /local function operate\(([^)]*)\)/.exec(sources[script]) ?? [];
  const parameters = list.split(",").map((name) => name.trim());
  expect(parameters.filter((name) => name !== "")).toEqual(ARGUMENTS[script]);
});

/** What a script answers: `return 'word'`, `x and 'word' or 'word'`, or `{ 'word', something, ... }`. */
function wordsOf(source: string): (readonly [word: string, about: number])[] {
  const code = source.replace(/--.*$/gm, "");
  const bare = [...code.matchAll(/(?:return|and|or) '(\w+)'/g)];
  const listed = [...code.matchAll(/\{ '(\w+)'/g)].map(({ 1: word = "", index }) => {
    const end = matchingBrace(code, index);
    return [word, partsOf(code.slice(index + 1, end)) - 1] as const;
  });
  return [...bare.map(([, word = ""]) => [word, 0] as const), ...listed];
}

function matchingBrace(code: string, from: number): number {
  let depth = 0;
  for (let at = from; at < code.length; at += 1) {
    if ("{(".includes(code[at] ?? "")) depth += 1;
    if ("})".includes(code[at] ?? "") && (depth -= 1) === 0) return at;
  }
  return code.length;
}

function partsOf(list: string): number {
  let depth = 0;
  let parts = 1;
  for (const character of list) {
    if ("{([".includes(character)) depth += 1;
    if ("})]".includes(character)) depth -= 1;
    if (character === "," && depth === 0) parts += 1;
  }
  return parts;
}

describe.each(Object.entries(REPLIES))("%s", (script, replies) => {
  const known = Object.entries(replies as Readonly<Record<string, readonly string[]>>);
  const expected = known.map(([word, about]) => [word, about.length] as const);

  it("answers what is described, with as much about it", () => {
    // An effect's own state is an answer of begin.
    const states = script === "begin" ? expected.filter(([word]) => stateWords.has(word)) : [];
    const found = [...wordsOf(sources[script as keyof typeof sources]), ...states];
    expect([...new Set(found.map(String))].sort()).toEqual(expected.map(String).sort());
  });
});

const stateWords: ReadonlySet<string> = new Set(["blocked", "dropped"]);

describe("docs/format.md", () => {
  /** First cells of the table under a heading, without the row of names. */
  function rowsUnder(heading: string, cell: number): string[] {
    const [, section = ""] = page.split(`\n## ${heading}\n`);
    const table = section.split("\n## ")[0]?.split("\n") ?? [];
    return table
      .filter((line) => /^\| +\d+ \|/.test(line))
      .map((line) => (line.split("|")[cell] ?? "").trim().replaceAll("`", ""));
  }

  it.each([
    ["A record", Object.keys(RECORD)],
    ["An effect", Object.keys(EFFECT)],
  ])("%s: names every value in its place", (heading, names) => {
    expect(rowsUnder(heading, 2)).toEqual(names);
    expect(rowsUnder(heading, 1)).toEqual(names.map((_, i) => String(i + 1)));
  });

  it.each([
    ["States of a record", RECORD_STATES],
    ["States of an effect", EFFECT_STATES],
    ["Who brought a receipt", VIAS],
  ])("%s: names every code", (heading, words) => {
    expect(rowsUnder(heading, 2)).toEqual(words);
  });
});

it("knows every way in which an id is packed", () => {
  const ids = [
    "any text",
    "0b1f5a9e-7f3c-4d2e-9a77-000102030405",
    "0100018f2b3c4d5e-0b1f5a9e-7f3c-4d2e-9a77-000102030405-000000",
    "v1:00112233445566778899aabbccddeeff",
  ];
  expect(ids.map((id) => pack(id)[0])).toEqual(PACKINGS);
});
