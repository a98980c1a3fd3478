import { PermanentError } from "@exactly-once/core";
import { domainToASCII } from "node:url";
import type { Mailbox, Mailboxes } from "./email.js";

const maxAddressLength = 320;
const maxLocalLength = 64;
const maxNameLength = 320;
// Dot-atoms only: SES takes quoted local parts too, but they are far likelier an attack than a name.
const localPart = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
const domain =
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;
/** Any control character, line and paragraph separators included. */
// eslint-disable-next-line no-control-regex
const control = /[\u0000-\u001F\u007F-\u009F\u2028\u2029]/;

export function hasControl(text: string): boolean {
  return control.test(text);
}

/**
 * A mailbox with a checked bare address, its domain in lower-case ASCII.
 *
 * MIME libraries keep line breaks in display names, so they are refused here. The text of the
 * error names the field and never the address, since it ends up in logs and dead-letter notes.
 *
 * @throws PermanentError
 */
export function checkMailbox(given: string | Mailbox, field: string): Mailbox {
  const { name, address } =
    typeof given === "string" ? { address: given } : ((given ?? {}) as Partial<Mailbox>);
  const checked = checkAddress(address, field);
  if (name === undefined || name === "") return { address: checked };
  if (typeof name !== "string" || hasControl(name)) {
    throw new PermanentError(`${field}: the display name has a line break or control character.`);
  }
  if (name.length > maxNameLength) {
    throw new PermanentError(
      `${field}: the display name has more than ${maxNameLength} characters.`,
    );
  }
  return { name, address: checked };
}

/** The same for one or several, such as the recipients of an email. */
export function checkMailboxes(given: Mailboxes, field: string): readonly Mailbox[] {
  const several = isList(given) ? given : [given];
  return several.map((mailbox) => checkMailbox(mailbox, field));
}

function isList(given: Mailboxes): given is Extract<Mailboxes, readonly unknown[]> {
  return Array.isArray(given);
}

function checkAddress(address: unknown, field: string): string {
  const invalid = (what: string) => new PermanentError(`${field}: the email address ${what}.`);
  if (typeof address !== "string" || address === "") throw invalid("is missing");
  if (hasControl(address)) throw invalid("has a line break or control character");
  const at = address.lastIndexOf("@");
  const local = address.slice(0, Math.max(0, at));
  const host = domainToASCII(address.slice(at + 1));
  if (at < 0 || !localPart.test(local) || local.length > maxLocalLength) {
    throw invalid("is not of the form local@domain that SES takes (7-bit local part)");
  }
  if (!domain.test(host) || address.slice(at + 1).includes("%")) {
    throw invalid("has no valid domain");
  }
  const checked = `${local}@${host}`;
  if (checked.length > maxAddressLength) throw invalid("is too long");
  return checked;
}
