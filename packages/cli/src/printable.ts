/** Control characters, C1 among them, and what turns the direction of what follows. */
const STEERING =
  // eslint-disable-next-line no-control-regex -- these are what has to go
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** Nothing that a stored text says may steer the terminal, or begin a line of its own. */
export function printable(text: string): string {
  return text.replace(STEERING, escaped);
}

/** The same for what has lines already. */
export function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n");
}

/** JSON that means the same and steers no terminal: `JSON.stringify` leaves all above U+007E alone. */
export function printableJson(value: unknown): string {
  return printableLines(JSON.stringify(value, null, 2));
}

const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
