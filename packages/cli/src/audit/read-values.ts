import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { LineSplitter, type Line } from "./split-lines.js";

export interface InputValue {
  readonly line: number;
  /** `undefined` where the line isn't JSON, or is too long to be looked at. */
  readonly value: unknown;
}

/**
 * Characters of one value. An event of SES has some thousands; what is longer isn't read, so that a
 * small file, packed, can't fill the memory.
 */
export const LONGEST_VALUE = 64 * 1_024 * 1_024;

/**
 * Reads JSON lines as a stream, unpacked if the file's name ends in `.gz`; `-` is stdin. What begins
 * like a JSON document of several lines is read whole instead, up to `longest` characters; beyond that
 * each of its lines is taken for itself.
 *
 * @throws what the file system or the unpacking throws
 */
export async function* readValues(
  path: string,
  stdin: Readable,
  longest = LONGEST_VALUE,
): AsyncGenerator<InputValue, void, undefined> {
  const file = path === "-" ? stdin : createReadStream(path);
  const document = new Document(longest);
  let line = 0;
  for await (const text of linesOf(path.endsWith(".gz") ? unpacked(file) : file, longest)) {
    line += 1;
    if (document.isOpen) {
      if (!document.add(text)) yield* document.lines();
    } else if (typeof text === "object" || text.trim() !== "") {
      const value = parse(text);
      const isText = value === undefined && line === 1 && typeof text === "string";
      if (isText && /^\s*[[{]/.test(text)) document.open(text);
      else yield { line, value };
    }
  }
  const whole = document.value();
  if (whole !== undefined) yield { line: 1, value: whole };
  else yield* document.lines();
}

/**
 * The lines from the first on, as long as they may be one JSON document: *closed*, then *open*, then
 * closed again for good once they are taken out, or are too many.
 */
class Document {
  readonly #longest: number;
  #lines: Line[] = [];
  #length = 0;

  constructor(longest: number) {
    this.#longest = longest;
  }

  get isOpen(): boolean {
    return this.#lines.length > 0;
  }

  open(first: string): void {
    this.#lines = [first];
    this.#length = first.length;
  }

  /** Whether all so far may still be one value. */
  add(line: Line): boolean {
    this.#lines.push(line);
    this.#length += typeof line === "string" ? line.length + 1 : line.tooLong;
    return this.#length <= this.#longest;
  }

  value(): unknown {
    const texts = this.#lines.filter((line) => typeof line === "string");
    const isWhole = this.isOpen && texts.length === this.#lines.length;
    return isWhole ? parse(texts.join("\n")) : undefined;
  }

  /** Takes the lines out, each for itself. */
  *lines(): Generator<InputValue, void, undefined> {
    const lines = this.#lines;
    this.#lines = [];
    for (const [at, text] of lines.entries()) {
      if (typeof text === "string" && text.trim() === "") continue;
      yield { line: at + 1, value: parse(text) };
    }
  }
}

function unpacked(file: Readable): Readable {
  const gunzip = createGunzip();
  file.once("error", (error) => gunzip.destroy(error));
  return file.pipe(gunzip);
}

/** `readline` loses the errors of its input, and is slower. */
async function* linesOf(bytes: Readable, longest: number): AsyncGenerator<Line, void, undefined> {
  bytes.setEncoding("utf8");
  const splitter = new LineSplitter(longest);
  for await (const chunk of bytes) yield* splitter.push(String(chunk));
  yield* splitter.end();
}

function parse(line: Line): unknown {
  if (typeof line === "object") return undefined;
  try {
    return JSON.parse(line.replace(/^\uFEFF/, "")) as unknown;
  } catch {
    return undefined;
  }
}
