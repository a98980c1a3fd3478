import { addressParser } from "postal-mime";

const maxAddressLength = 320;

/** The bare address of `Name <local@domain>` or `local@domain`. */
export const bareAddress = (address: string): string =>
  /<([^<>]*)>\s*$/.exec(address)?.[1]?.trim() ?? address.trim();

export const domainOf = (address: string): string => {
  const bare = bareAddress(address);
  return bare.slice(bare.lastIndexOf("@") + 1).toLowerCase();
};

/** Every address of a To, Cc or Bcc header value, groups unfolded. */
export const addressesOf = (headerValue: string): readonly string[] =>
  addressParser(headerValue, { flatten: true }).map((mailbox) => mailbox.address ?? "");

const localPart = /^(?:[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+|"(?:[^"\\\r\n]|\\.)*")$/;
const domainLabel = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;
// eslint-disable-next-line no-control-regex
const controlOrSpace = /[\u0000-\u0020\u007F]/;
// eslint-disable-next-line no-control-regex
const nonAscii = /[^\u0000-\u007F]/;

/**
 * Says in SES's words what is wrong with an address, or undefined when SES would take it: 7-bit
 * `UserName@[SubDomain.]Domain.TopLevelDomain` of at most 320 characters, with or without a name.
 * The display name must be ASCII too (MIME words or Punycode otherwise): "There are non-ASCII
 * characters in the email address" (Amazon SES email sending errors).
 */
export const addressFault = (address: string): string | undefined => {
  if (/[\r\n]/.test(address)) return "Local address contains control or whitespace";
  const bare = bareAddress(address);
  const at = bare.lastIndexOf("@");
  if (at < 0) return "Missing final '@domain'";
  const local = bare.slice(0, at);
  const domain = bare.slice(at + 1);
  if (local === "") return "Missing local name";
  if (domain === "") return "Missing domain";
  if (nonAscii.test(local)) return "Local address contains non-ASCII characters";
  if (nonAscii.test(address)) return "Illegal address";
  if (!local.startsWith('"') && controlOrSpace.test(local)) {
    return "Local address contains control or whitespace";
  }
  if (!localPart.test(local)) return "Local address contains illegal character";
  if (controlOrSpace.test(domain)) return "Domain contains control or whitespace";
  if (domain.includes("..")) return "Domain contains dot-dot";
  if (domain.startsWith(".")) return "Domain starts with dot";
  if (domain.endsWith(".")) return "Domain ends with dot";
  const labels = domain.split(".");
  if (!labels.every((label) => domainLabel.test(label))) return "Domain contains illegal character";
  if (labels.length < 2) return "Missing top-level domain";
  if (bare.length > maxAddressLength)
    return `Address length is more than ${maxAddressLength} characters long`;
  if (bare !== address.trim() && /,/.test(address.replace(/"(?:[^"\\]|\\.)*"/g, "")))
    return "Illegal address";
  return undefined;
};
