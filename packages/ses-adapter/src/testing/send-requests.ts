import MailComposer from "nodemailer/lib/mail-composer";
import { addressFault } from "./addresses.js";
import type { QueryParameters } from "./query-protocol.js";
import { invalidParameter, refuse, type SesRefusal } from "./ses-refusal.js";
import { assemble, type Envelope, type Submission } from "./submission.js";

/** SES refuses a v1 message above this, attachments included: 10 MB ("Service quotas"). */
export const maxQueryMessageBytes = 10 * 1_024 * 1_024;

/** An email that SES composes itself. */
export interface EmailParts {
  readonly source: string | undefined;
  readonly to: readonly string[];
  readonly cc: readonly string[];
  /** Of all kinds. */
  readonly destinations: readonly string[];
  readonly replyTo: readonly string[];
  readonly subject: string | undefined;
  readonly text: string | undefined;
  readonly html: string | undefined;
}

const missing = (member: string): SesRefusal =>
  refuse(
    "ValidationError",
    `1 validation error detected: Value null at '${member}' failed to satisfy constraint: ` +
      `Member must not be null`,
  );

/** `SendRawEmail`: the caller brings the whole MIME message, base64-coded. */
export const readSendRawEmail = (parameters: QueryParameters): Submission | SesRefusal => {
  const data = parameters.text("RawMessage.Data");
  if (data === undefined) return missing("rawMessage.data");
  if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(data)) {
    return refuse("SerializationException", "RawMessage.Data is not base64.");
  }
  const envelope = envelopeOf(parameters, parameters.list("Destinations"));
  return assemble(envelope, Buffer.from(data, "base64"));
};

const envelopeOf = (parameters: QueryParameters, destinations: readonly string[]): Envelope => ({
  source: parameters.text("Source"),
  tags: Object.fromEntries(
    parameters.structures("Tags").map((tag) => [tag["Name"] ?? "", tag["Value"] ?? ""]),
  ),
  configurationSet: parameters.text("ConfigurationSetName"),
  returnPath: parameters.text("ReturnPath"),
  destinations,
  maxMessageBytes: maxQueryMessageBytes,
});

/** `SendEmail`: SES composes the MIME message from its parts. */
export const readSendEmail = async (
  parameters: QueryParameters,
): Promise<Submission | SesRefusal> => {
  const [to, cc, bcc] = ["ToAddresses", "CcAddresses", "BccAddresses"].map((list) =>
    parameters.list(`Destination.${list}`),
  );
  const destinations = [...(to ?? []), ...(cc ?? []), ...(bcc ?? [])];
  const parts: EmailParts = {
    ...{ source: parameters.text("Source"), to: to ?? [], cc: cc ?? [], destinations },
    replyTo: parameters.list("ReplyToAddresses"),
    subject: parameters.text("Message.Subject.Data"),
    text: parameters.text("Message.Body.Text.Data"),
    html: parameters.text("Message.Body.Html.Data"),
  };
  const fault = judgeParts(parts);
  return fault ?? assemble(envelopeOf(parameters, destinations), await compose(parts));
};

/** Judged before composing, since the composer would repair what SES refuses. */
export const judgeParts = (parts: EmailParts): SesRefusal | undefined => {
  const { source, subject, text, html, destinations, replyTo } = parts;
  if (source === undefined) return missing("source");
  if (subject === undefined) return missing("message.subject");
  if (text === undefined && html === undefined) return missing("message.body");
  for (const address of [source, ...destinations, ...replyTo]) {
    const fault = addressFault(address);
    if (fault !== undefined) return invalidParameter(fault);
  }
  if (/[\r\n]/.test(subject)) return invalidParameter("Subject contains control characters.");
  if (destinations.length === 0) return invalidParameter("There are no recipients specified.");
  return undefined;
};

export const compose = ({ source, to, cc, replyTo, ...parts }: EmailParts): Promise<Buffer> =>
  new MailComposer({
    from: source ?? "",
    ...{ to: [...to], cc: [...cc], replyTo: [...replyTo], subject: parts.subject ?? "" },
    ...(parts.text === undefined ? {} : { text: parts.text }),
    ...(parts.html === undefined ? {} : { html: parts.html }),
  })
    .compile()
    .build();
