import MailComposer from "nodemailer/lib/mail-composer";
import { addressFault } from "./addresses.js";
import type { QueryParameters } from "./query-protocol.js";
import { invalidParameter, refuse, type SesRefusal } from "./ses-refusal.js";
import { assemble, type Submission } from "./submission.js";

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
  return assemble(parameters, Buffer.from(data, "base64"), parameters.list("Destinations"));
};

const compose = (parameters: QueryParameters, source: string): Promise<Buffer> => {
  const text = parameters.text("Message.Body.Text.Data");
  const html = parameters.text("Message.Body.Html.Data");
  return new MailComposer({
    from: source,
    to: [...parameters.list("Destination.ToAddresses")],
    cc: [...parameters.list("Destination.CcAddresses")],
    replyTo: [...parameters.list("ReplyToAddresses")],
    subject: parameters.text("Message.Subject.Data") ?? "",
    ...(text === undefined ? {} : { text }),
    ...(html === undefined ? {} : { html }),
  })
    .compile()
    .build();
};

/** `SendEmail`: SES composes the MIME message from its parts. */
export const readSendEmail = async (
  parameters: QueryParameters,
): Promise<Submission | SesRefusal> => {
  const source = parameters.text("Source");
  if (source === undefined) return missing("source");
  const subject = parameters.text("Message.Subject.Data");
  if (subject === undefined) return missing("message.subject");
  const bodies = [
    parameters.text("Message.Body.Text.Data"),
    parameters.text("Message.Body.Html.Data"),
  ];
  if (bodies.every((body) => body === undefined)) return missing("message.body");

  const destinations = ["ToAddresses", "CcAddresses", "BccAddresses"].flatMap((list) =>
    parameters.list(`Destination.${list}`),
  );
  // Judged before composing, since the composer would repair what SES refuses.
  for (const address of [source, ...destinations, ...parameters.list("ReplyToAddresses")]) {
    const fault = addressFault(address);
    if (fault !== undefined) return invalidParameter(fault);
  }
  if (/[\r\n]/.test(subject)) {
    return invalidParameter("Subject contains control characters.");
  }
  const raw = await compose(parameters, source);
  if (destinations.length === 0) return invalidParameter("There are no recipients specified.");
  return assemble(parameters, raw, destinations);
};
