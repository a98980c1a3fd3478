import {
  DEAD_LETTER,
  EFFECT,
  EFFECT_STATES,
  FORMAT,
  PACKINGS,
  RECEIPT,
  RECORD,
  RECORD_STATES,
  RESOLUTION,
  VIAS,
  WAIVER,
  type Fields,
} from "./description.js";

/** Where each value stands, and the code for each word, by their names in the scripts. */
const constants: ReadonlyMap<string, number> = new Map([
  ["OWN_FORMAT", FORMAT],
  ...numbered("", Object.keys(RECORD)),
  ...numbered("EFFECT_", Object.keys(EFFECT)),
  ...numbered("RECEIPT_", Object.keys(RECEIPT)),
  ...numbered("DEAD_LETTER_", Object.keys(DEAD_LETTER)),
  ...numbered("WAIVER_", Object.keys(WAIVER)),
  ...numbered("RESOLUTION_", Object.keys(RESOLUTION)),
  ...numbered("", RECORD_STATES),
  ...numbered("", EFFECT_STATES),
  ...numbered("VIA_", VIAS),
]);

/** A script with numbers in place of the names of places and codes: `record[FENCE]` is `record[3]`. */
export function withConstants(source: string): string {
  return source.replace(/--.*$|'[^'\n]*'|"[^"\n]*"|\b[A-Z][A-Z_]+\b/gm, (token) =>
    String(constants.get(token) ?? token),
  );
}

/** What the scripts about records know of the format besides: words, and checks of the values' kinds. */
export const luaKnowledge = [
  words("RECORD_STATES", RECORD_STATES),
  words("EFFECT_STATES", EFFECT_STATES),
  words("VIAS", VIAS),
  `local PACKINGS = { ${PACKINGS.map((mark) => `[${mark.charCodeAt(0)}] = true`).join(", ")} }`,
  check("checkRecordValues", "the record", RECORD),
  check("checkEffectValues", "an effect", EFFECT),
  check("checkReceiptValues", "a receipt", RECEIPT),
  check("checkDeadLetterValues", "a dead letter's note", DEAD_LETTER),
  "",
].join("\n\n");

function numbered(prefix: string, names: readonly string[]): (readonly [string, number])[] {
  return names.map((name, i) => [prefix + upper(name), i + 1] as const);
}

function words(constant: string, all: readonly string[]): string {
  return `local ${constant} = { ${all.map((word) => `'${word}'`).join(", ")} }`;
}

/** A function that ends the item where one of the values is of another kind. No loop: it is often called. */
function check(name: string, what: string, fields: Fields): string {
  const required = Object.values(fields).filter(({ optional }) => !optional).length;
  const checks = Object.values(fields).map(({ type, optional }, i) => {
    const value = `values[${i + 1}]`;
    return optional ? `${value} and type(${value}) ~= '${type}'` : `type(${value}) ~= '${type}'`;
  });
  const always = checks.slice(0, required).join(" or ");
  const rest = checks.slice(required);
  const sometimes = rest.length === 0 ? "" : ` or #values > ${required} and (${rest.join(" or ")})`;
  return `local function ${name}(values)
  if ${always}${sometimes} then
    unreadable(${JSON.stringify(`${what} has a value of another kind`)})
  end
end`;
}

/** `leasedFor` is `LEASED_FOR` in the scripts. */
function upper(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}
