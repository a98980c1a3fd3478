import { expect, test } from "vitest";
import { snippetsOf } from "./snippets.mjs";

const page = (...lines: string[]) => lines.join("\n");

test("a block stands on the lines that it has on its page", () => {
  const text = page("# Title", "", "```ts", "const a = 1;", "```");
  expect(snippetsOf(text)).toEqual([
    { language: "ts", file: undefined, text: "\n\n\nconst a = 1;\n", line: 3 },
  ]);
});

test("what a comment gives stands before the block, for that one alone", () => {
  const text = page(
    "<!-- with",
    "declare const a: 1;",
    "-->",
    "```ts",
    "a;",
    "```",
    "```ts",
    "b;",
    "```",
  );
  const [first, second] = snippetsOf(text);
  expect(first?.text).toBe("\ndeclare const a: 1;\n\n\na;\n");
  expect(second?.text.trim()).toBe("b;");
});

test("a block that continues joins the one before", () => {
  const text = page("```ts", "const a = 1;", "```", "<!-- continues -->", "```ts", "a;", "```");
  expect(snippetsOf(text)).toEqual([
    { language: "ts", file: undefined, text: "\nconst a = 1;\n\n\n\na;\n", line: 1 },
  ]);
});

test("a page may name a block's file", () => {
  const [snippet] = snippetsOf(page("```ts [a.ts]", "1;", "```"));
  expect(snippet?.file).toBe("a.ts");
});

test("blocks of other languages are told apart", () => {
  const text = page("```json", "{}", "```", "- item", "  ```sh", "  ls", "  ```");
  expect(snippetsOf(text).map(({ language, text: code }) => [language, code.trim()])).toEqual([
    ["json", "{}"],
    ["sh", "ls"],
  ]);
});
