const CONTROLS_AND_SPACE = /[\p{Cc}\p{Zl}\p{Zp}\s]+/gu;
/** Marks that turn the direction of the text around them, and half surrogates. */
const DIRECTION_MARKS = /[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069\p{Cs}]/gu;
const RIGHT_TO_LEFT = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}]/u;
const FIRST_STRONG_ISOLATE = "\u2068";
const POP_DIRECTIONAL_ISOLATE = "\u2069";

/**
 * A stranger's text as one line: no line breaks that could begin a header or a forged paragraph, no
 * marks that could reorder what stands beside it. Letters of any script and emoji stay.
 */
export function oneLine(text: string): string {
  return text.replace(DIRECTION_MARKS, "").replace(CONTROLS_AND_SPACE, " ").trim();
}

/** For text without markup: keeps a right-to-left name from reordering the punctuation after it. */
export function isolated(text: string): string {
  return RIGHT_TO_LEFT.test(text) ? FIRST_STRONG_ISOLATE + text + POP_DIRECTIONAL_ISOLATE : text;
}
