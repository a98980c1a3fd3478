import { PermanentError } from "../errors.js";

/**
 * What becomes of an integer in JSON that is beyond ±(2^53 − 1), where JavaScript's numbers are no
 * longer exact: neighbouring ids would become one.
 *
 * - `refuse`: the message is dead-lettered, and says why.
 * - `string`: it arrives as text, with every digit; smaller ones stay numbers.
 * - `round`: it arrives as the nearest number, as from `JSON.parse`.
 */
export type BigNumbers = "refuse" | "string" | "round";

/** The least that such an integer has. */
const SIXTEEN_DIGITS = /\d{16}/;
/** In valid JSON: texts, whatever stands in them, and numbers. */
const TEXTS_AND_NUMBERS = /"(?:[^"\\]+|\\.)*"|-?\d[\d.eE+-]*/g;
const INTEGER = /^-?\d+$/;

/** @throws PermanentError for what isn't JSON, and for what is to be refused */
export function parseJson(text: string, bigNumbers: BigNumbers): unknown {
  const parsed = parse(text);
  if (bigNumbers === "round" || !SIXTEEN_DIGITS.test(text)) return parsed;
  let found = false;
  const quoted = text.replace(TEXTS_AND_NUMBERS, (token) => {
    if (!INTEGER.test(token) || Number.isSafeInteger(Number(token))) return token;
    found = true;
    return `"${token}"`;
  });
  if (!found) return parsed;
  if (bigNumbers === "refuse") throw beyondExact();
  return parse(quoted);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    // The parser's message quotes the body, which may be personal data.
    throw new PermanentError("The message body isn't JSON.", { cause });
  }
}

/**
 * Refuses what a decoder answered that may have lost digits.
 *
 * @throws PermanentError
 */
export function refuseBigNumbers(decoded: unknown): void {
  if (typeof decoded === "number") {
    if (Number.isInteger(decoded) && !Number.isSafeInteger(decoded)) throw beyondExact();
    return;
  }
  if (typeof decoded !== "object" || decoded === null) return;
  for (const value of Object.values(decoded)) refuseBigNumbers(value);
}

function beyondExact(): PermanentError {
  return new PermanentError(
    "An integer in the body is beyond 2^53, where JavaScript's numbers lose digits and neighbouring " +
      'ids become one: decode with json({ bigNumbers: "string" }) and let the schema take text ' +
      'there, or say bigNumbers: "round" where its digits don\'t matter.',
  );
}
