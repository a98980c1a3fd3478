import { encodeWord } from "nodemailer/lib/mime-funcs";
import type { Mailbox } from "./email.js";

/** RFC 5322 asks for 78 at most, and allows 998. */
const foldAt = 76;
/** With its frame, so long an encoded word fits a line that a name begins. */
const wordLength = 52;

/**
 * Printable ASCII that no reader takes for an encoded word. Those who meet `=?UTF-8?Q?a=0D=0Ab?=`
 * decode it, wherever it stands, into text that was never checked: so it is encoded itself.
 */
const plain = /^(?!.*=\?)[\x20-\x7E]*$/;

/**
 * A header, folded at blanks. The name's line is never left empty: some readers take a header that
 * begins with a fold for one without a value, a `List-Unsubscribe` among them.
 */
export function headerLine(name: string, value: string): string {
  const [first = "", ...others] = value.split(" ");
  const lines = [`${name}: ${first}`];
  for (const token of others) {
    const line = lines.at(-1) ?? "";
    const fits = line.length + 1 + token.length <= foldAt || token === "";
    if (fits) lines[lines.length - 1] = `${line} ${token}`;
    else lines.push(` ${token}`);
  }
  return `${lines.join("\r\n")}\r\n`;
}

/** Text of a header without a syntax of its own, such as a subject. */
export function encodedText(text: string): string {
  return plain.test(text) ? text : encodeWord(text, "Q", wordLength);
}

export function encodedMailboxes(mailboxes: readonly Mailbox[]): string {
  return mailboxes
    .map(({ name, address }) =>
      name === undefined ? address : `${encodedPhrase(name)} <${address}>`,
    )
    .join(", ");
}

/** A display name: atoms, a quoted string, or encoded words, which may not stand in quotes. */
function encodedPhrase(name: string): string {
  if (/^[A-Za-z0-9]+(?: [A-Za-z0-9]+)*$/.test(name)) return name;
  if (plain.test(name)) return `"${name.replace(/["\\]/g, "\\$&")}"`;
  return encodeWord(name, "Q", wordLength);
}
