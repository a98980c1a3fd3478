import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { readValues } from "./read-values.js";

async function read(text: string, longest?: number) {
  const values: unknown[] = [];
  for await (const { line, value } of readValues("-", Readable.from([text]), longest)) {
    values.push([line, value]);
  }
  return values;
}

describe("values", () => {
  it("stand on lines, or are one document of several", async () => {
    expect(await read('{"a":1}\n\nnot JSON\n{"b":2}')).toEqual([
      [1, { a: 1 }],
      [3, undefined],
      [4, { b: 2 }],
    ]);
    expect(await read('{\n"a": 1\n}\n')).toEqual([[1, { a: 1 }]]);
  });

  it("are lines after all, where the first only begins like a document", async () => {
    expect(await read('{ broken\n{"b":2}\n')).toEqual([
      [1, undefined],
      [2, { b: 2 }],
    ]);
  });

  it("are kept in bounded memory: of what is too long each line is taken for itself", async () => {
    const text = `[\n${'{"a":1}\n'.repeat(4)}`;
    expect(await read(text, 20)).toEqual([
      [1, undefined],
      [2, { a: 1 }],
      [3, { a: 1 }],
      [4, { a: 1 }],
      [5, { a: 1 }],
    ]);
    expect(await read(`[\n${"x".repeat(30)}\n{"a":1}\n`, 20)).toEqual([
      [1, undefined],
      [2, undefined],
      [3, { a: 1 }],
    ]);
  });
});
