import { compose, judgeParts } from "./send-requests.js";
import { invalidParameter, type SesRefusal } from "./ses-refusal.js";
import { assemble, type Submission } from "./submission.js";

/** SES refuses a v2 message above this, attachments included: 40 MB ("Service quotas"). */
export const maxRestMessageBytes = 40 * 1_024 * 1_024;

type Json = Readonly<Record<string, unknown>>;

const fields = (value: unknown): Json => Object(value) as Json;
const textOf = (value: unknown): string | undefined =>
  typeof value === "string" ? value : undefined;
const textsOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];

/** `SendEmail` of the second API: a whole MIME message, or its parts for SES to compose. */
export async function readRestEmail(json: object): Promise<Submission | SesRefusal> {
  const { FromEmailAddress, Destination, Content, ReplyToAddresses, ...rest } = json as Json;
  const { ToAddresses, CcAddresses, BccAddresses } = fields(Destination);
  const envelope = {
    source: textOf(FromEmailAddress),
    tags: tagsOf(rest["EmailTags"]),
    configurationSet: textOf(rest["ConfigurationSetName"]),
    returnPath: textOf(rest["FeedbackForwardingEmailAddress"]),
    destinations: [ToAddresses, CcAddresses, BccAddresses].flatMap(textsOf),
    maxMessageBytes: maxRestMessageBytes,
  };
  const { Raw, Simple } = fields(Content);
  const data = textOf(fields(Raw)["Data"]);
  if (data !== undefined) {
    if (!/^[A-Za-z0-9+/]*={0,2}$/.test(data)) {
      return invalidParameter("The raw message is not base64.");
    }
    return assemble(envelope, Buffer.from(data, "base64"));
  }
  if (Simple === undefined) return invalidParameter("Content must be Raw or Simple here.");
  const { Subject, Body } = fields(Simple);
  const parts = {
    source: envelope.source,
    to: textsOf(ToAddresses),
    cc: textsOf(CcAddresses),
    destinations: envelope.destinations,
    replyTo: textsOf(ReplyToAddresses),
    subject: textOf(fields(Subject)["Data"]),
    text: textOf(fields(fields(Body)["Text"])["Data"]),
    html: textOf(fields(fields(Body)["Html"])["Data"]),
  };
  return judgeParts(parts) ?? assemble(envelope, await compose(parts));
}

function tagsOf(given: unknown): Readonly<Record<string, string>> {
  const tags = (Array.isArray(given) ? given : []).map(fields);
  return Object.fromEntries(
    tags.map(({ Name, Value }) => [textOf(Name) ?? "", textOf(Value) ?? ""]),
  );
}
