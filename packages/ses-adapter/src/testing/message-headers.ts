import { invalidParameter, type SesRefusal } from "./ses-refusal.js";

/** One header field. */
export interface MessageHeader {
  readonly name: string;
  readonly value: string;
}

/** Header fields SES refuses to see twice ("Amazon SES header fields", Developer Guide). */
const once = new Set(
  [
    "Accept-Language acceptLanguage Archived-At Auto-Submitted Bounces-to Comments",
    "Content-Alternative Content-Base Content-Class Content-Description Content-Disposition",
    "Content-Duration Content-ID Content-Language Content-Length Content-Location Content-MD5",
    "Content-Transfer-Encoding Content-Type Date Delivered-To Disposition-Notification-Options",
    "Disposition-Notification-To DKIM-Signature DomainKey-Signature Errors-To From Importance",
    "In-Reply-To Keywords List-Archive List-Help List-Id List-Owner List-Post List-Subscribe",
    "List-Unsubscribe Message-Context Message-ID MIME-Version Organization Original-From",
    "Original-Message-ID Original-Recipient Original-Subject Precedence Priority References",
    "Reply-To Return-Path Return-Receipt-To Sender Solicitation Sensitivity Subject",
    "Thread-Index Thread-Topic User-Agent VBR-Info",
  ]
    .join(" ")
    .toLowerCase()
    .split(" "),
);

// A header section longer than this is taken for a message whose blank line went missing.
const maxSectionLength = 256 * 1_024;

const sectionOf = (raw: Uint8Array): string => {
  const text = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength)
    .subarray(0, maxSectionLength + 1)
    .toString("utf8");
  if (/^\r?\n/.test(text)) return "";
  const end = /\r?\n\r?\n/.exec(text);
  return end ? text.slice(0, end.index) : text;
};

/** Splits the header section of a raw message into unfolded fields, or says what SES dislikes. */
export const readHeaders = (raw: Uint8Array): readonly MessageHeader[] | SesRefusal => {
  const section = sectionOf(raw);
  if (section.length > maxSectionLength) return invalidParameter("Header section too long.");
  const headers: MessageHeader[] = [];
  for (const line of section.replace(/\r?\n[ \t]+/g, " ").split(/\r?\n/)) {
    if (line === "") continue;
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(colon, 0)).trimEnd();
    if (name === "") return invalidParameter("Empty header names are illegal.");
    if (!/^[\x21-\x39\x3B-\x7E]+$/.test(name)) return invalidParameter(`Illegal header '${name}'.`);
    headers.push({ name, value: line.slice(colon + 1).trim() });
  }
  return headers;
};

/** All values of a header field, by case-insensitive name. */
export const headerValues = (headers: readonly MessageHeader[], name: string): readonly string[] =>
  headers
    .filter((header) => header.name.toLowerCase() === name.toLowerCase())
    .map(({ value }) => value);

/** Checks the fields SES requires, and those it takes only once. */
export const judgeHeaders = (headers: readonly MessageHeader[]): SesRefusal | undefined => {
  const seen = new Set<string>();
  for (const { name } of headers) {
    const key = name.toLowerCase();
    if (once.has(key) && seen.has(key)) return invalidParameter(`Duplicate header '${name}'.`);
    seen.add(key);
  }
  return seen.has("from") ? undefined : invalidParameter("Missing required header 'From'.");
};
