import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";

export interface InputValue {
  readonly line: number;
  /** `undefined` where the line isn't JSON. */
  readonly value: unknown;
}

/**
 * Reads JSON lines as a stream, unpacked if the file's name ends in `.gz`; `-` is stdin. What begins
 * like a JSON document of several lines is read whole instead.
 *
 * @throws what the file system or the unpacking throws
 */
export async function* readValues(
  path: string,
  stdin: Readable,
): AsyncGenerator<InputValue, void, undefined> {
  const file = path === "-" ? stdin : createReadStream(path);
  let line = 0;
  const document: string[] = [];
  for await (const text of linesOf(path.endsWith(".gz") ? unpacked(file) : file)) {
    line += 1;
    if (document.length > 0) document.push(text);
    else if (text.trim() !== "") {
      const value = parse(text);
      if (value === undefined && line === 1 && /^\s*[[{]/.test(text)) document.push(text);
      else yield { line, value };
    }
  }
  if (document.length === 0) return;
  const whole = parse(document.join("\n"));
  if (whole !== undefined) yield { line: 1, value: whole };
  else yield* document.map((text, at) => ({ line: at + 1, value: parse(text) }));
}

function unpacked(file: Readable): Readable {
  const gunzip = createGunzip();
  file.once("error", (error) => gunzip.destroy(error));
  return file.pipe(gunzip);
}

/** `readline` loses the errors of its input, and is slower. */
async function* linesOf(bytes: Readable): AsyncGenerator<string, void, undefined> {
  bytes.setEncoding("utf8");
  let rest = "";
  for await (const chunk of bytes) {
    const lines = (rest + String(chunk)).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield rest;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, "")) as unknown;
  } catch {
    return undefined;
  }
}
