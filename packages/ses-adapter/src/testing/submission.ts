import { addressesOf, addressFault } from "./addresses.js";
import { headerValues, judgeHeaders, readHeaders, type MessageHeader } from "./message-headers.js";
import { invalidParameter, type SesRefusal } from "./ses-refusal.js";

const maxRecipients = 50;

/** A message as SES understood it, before it is judged for identities, limits and quota. */
export interface Submission {
  /** The sender as given, possibly with a display name. */
  readonly source: string;
  /** Envelope recipients, in order, as given. */
  readonly destinations: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  readonly configurationSet: string | undefined;
  readonly returnPath: string | undefined;
  readonly headers: readonly MessageHeader[];
  readonly raw: Uint8Array;
}

export const isRefusal = (value: object): value is SesRefusal => "code" in value;

/** What a call says about a message, beside the message itself. */
export interface Envelope {
  readonly source: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
  readonly configurationSet: string | undefined;
  readonly returnPath: string | undefined;
  /** Where there are none, the message's own headers name them. */
  readonly destinations: readonly string[];
  readonly maxMessageBytes: number;
}

const validTagText = /^[A-Za-z0-9_-]{1,256}$/;

const judgeTags = (tags: Readonly<Record<string, string>>): SesRefusal | undefined => {
  for (const [name, value] of Object.entries(tags)) {
    for (const [what, text] of [
      ["name", name],
      ["value", value],
    ] as const) {
      if (validTagText.test(text)) continue;
      return invalidParameter(
        `Invalid tag ${what} <${text.slice(0, 300)}>: only alphanumeric ASCII characters, '_' and ` +
          `'-' are allowed, and at most 256 of them.`,
      );
    }
  }
  return undefined;
};

/** The tags of the call; in a raw message a header may carry them, and the call wins over it. */
const tagsOf = (
  given: Readonly<Record<string, string>>,
  headers: readonly MessageHeader[],
): Readonly<Record<string, string>> => {
  if (Object.keys(given).length > 0) return given;
  return Object.fromEntries(
    headerValues(headers, "X-SES-MESSAGE-TAGS")
      .flatMap((line) => line.split(","))
      .filter((pair) => pair.trim() !== "")
      .map((pair) => {
        const [name = "", ...value] = pair.split("=");
        return [name.trim(), value.join("=").trim()];
      }),
  );
};

/** Puts a message's parts together; the headers have been read from `raw` already. */
export const assemble = (envelope: Envelope, raw: Uint8Array): Submission | SesRefusal => {
  const { destinations, maxMessageBytes } = envelope;
  if (raw.byteLength > maxMessageBytes) {
    return invalidParameter(
      `Message length is more than ${maxMessageBytes} bytes long: '${raw.byteLength}'.`,
    );
  }
  const headers = readHeaders(raw);
  if (isRefusal(headers)) return headers;
  const headerFault = judgeHeaders(headers);
  if (headerFault) return headerFault;

  const inHeaders = ["To", "Cc", "Bcc"].flatMap((name) => headerValues(headers, name));
  const submission: Submission = {
    source: envelope.source ?? headerValues(headers, "From")[0] ?? "",
    destinations: destinations.length > 0 ? destinations : inHeaders.flatMap(addressesOf),
    tags: tagsOf(envelope.tags, headers),
    configurationSet:
      envelope.configurationSet ?? headerValues(headers, "X-SES-CONFIGURATION-SET")[0],
    returnPath: envelope.returnPath ?? headerValues(headers, "Return-Path")[0],
    headers,
    raw,
  };
  return judgeEnvelope(submission) ?? judgeTags(submission.tags) ?? submission;
};

const judgeEnvelope = (submission: Submission): SesRefusal | undefined => {
  const { destinations, headers } = submission;
  if (destinations.length === 0) return invalidParameter("There are no recipients specified.");
  if (destinations.length > maxRecipients) {
    return invalidParameter(`Recipient count exceeds ${maxRecipients}.`);
  }
  const senders = headerValues(headers, "From").flatMap(addressesOf);
  const returnPath = submission.returnPath === undefined ? [] : [submission.returnPath];
  for (const address of [submission.source, ...senders, ...returnPath, ...destinations]) {
    const fault = addressFault(address);
    if (fault !== undefined) return invalidParameter(fault);
  }
  return undefined;
};
