import { describe, expect, it } from "vitest";
import { judgeRefusal } from "./refusal.js";

const context = {
  from: "Forms@example.com",
  recipients: ["doctor@example.org", "nurse@example.org"],
};

const told = (code: string, message: string) => {
  const { reason, verdict } = judgeRefusal({ code, message }, context);
  return verdict.kind === "wait"
    ? `wait ${verdict.scope} ${verdict.waitMs / 1_000} s: ${reason}`
    : `${verdict.kind}: ${reason}`;
};

/** As SES words it, from its documentation and from what users of it report. */
describe("an email that SES refuses for itself", () => {
  it.each([
    ["InvalidParameterValue", "Missing final '@domain'", "invalidAddress"],
    ["InvalidParameterValue", "Local address contains control or whitespace", "invalidAddress"],
    ["BadRequest", "Domain contains illegal character", "invalidAddress"],
    ["InvalidParameterValue", "Illegal address", "invalidAddress"],
    ["BadRequest", "Missing top-level domain", "invalidAddress"],
    ["ValidationError", "Invalid email address<nobody>.", "invalidAddress"],
    [
      "InvalidParameterValue",
      "Message length is more than 10485760 bytes long: '10485761'.",
      "InvalidParameterValue",
    ],
    ["InvalidParameterValue", "Duplicate header 'Subject'.", "InvalidParameterValue"],
    ["BadRequest", "Recipient count exceeds 50.", "BadRequest"],
    ["MessageRejected", "Address blacklisted.", "recipientSuppressed"],
    ["MessageRejected", "Address is on the suppression list", "recipientSuppressed"],
    ["MessageRejected", "The message was rejected because it contained a virus", "MessageRejected"],
    [
      "MessageRejected",
      "Email address is not verified. The following identities failed the check in region EU-WEST-2: Doctor <doctor@example.org>, nurse@example.org",
      "recipientNotVerified",
    ],
  ])("%s, %s: is dead-lettered", (code, message, reason) => {
    expect(told(code, message)).toBe(`message: ${reason}`);
  });
});

describe("trouble that meets every email", () => {
  it.each([
    [
      "MessageRejected",
      "Sending paused for this account. For more information, please check the inbox of the email address associated with your AWS account.",
      "quota 60 s: AccountSendingPaused",
    ],
    ["MessageRejected", "Sending suspended for this account.", "quota 60 s: AccountSendingPaused"],
    [
      "MessageRejected",
      "Email sending for the configuration set letters is paused.",
      "quota 60 s: AccountSendingPaused",
    ],
    ["MessageRejected", "Account is paused", "quota 60 s: AccountSendingPaused"],
    [
      "MessageRejected",
      "Email address is not verified. The following identities failed the check in region EU-WEST-2: forms@example.com",
      "quota 60 s: senderNotVerified",
    ],
    [
      "MessageRejected",
      "Email address is not verified. The following identities failed the check in region EU-WEST-2: doctor@example.org, EXAMPLE.COM",
      "quota 60 s: senderNotVerified",
    ],
    [
      "MessageRejected",
      "Email address is not verified. The following identities failed the check in region EU-WEST-2: arn:aws:ses:eu-west-2:123456789012:identity/example.com",
      "quota 60 s: senderNotVerified",
    ],
    ["AccountSendingPaused", "", "quota 60 s: AccountSendingPaused"],
    ["SendingPaused", "Sending paused for this account.", "quota 60 s: SendingPaused"],
    ["AccountSuspended", "", "quota 60 s: AccountSuspended"],
    ["ConfigurationSetSendingPaused", "", "quota 60 s: ConfigurationSetSendingPaused"],
    ["ConfigurationSetDoesNotExist", "", "quota 60 s: ConfigurationSetDoesNotExist"],
    ["NotFound", "Configuration set <x> does not exist.", "quota 60 s: NotFound"],
    ["MailFromDomainNotVerified", "", "quota 60 s: MailFromDomainNotVerified"],
    ["Throttling", "Maximum sending rate exceeded.", "rate 1 s: Throttling"],
    ["TooManyRequests", "Maximum sending rate exceeded.", "rate 1 s: TooManyRequests"],
    ["Throttling", "Daily message quota exceeded.", "quota 900 s: dailyQuotaUsedUp"],
    ["LimitExceeded", "Daily message quota exceeded", "quota 900 s: dailyQuotaUsedUp"],
    [
      "SignatureDoesNotMatch",
      "Signature expired: 20260101T000000Z is now earlier than 20260101T000500Z",
      "rate 1 s: signatureExpired",
    ],
    ["InvalidSignature", "Signature not yet current: …", "rate 1 s: signatureExpired"],
    ["RequestExpired", "Request has expired.", "rate 1 s: signatureExpired"],
    [
      "SignatureDoesNotMatch",
      "The request signature we calculated does not match the signature you provided.",
      "quota 60 s: SignatureDoesNotMatch",
    ],
    [
      "AccessDenied",
      "User `arn:aws:iam::1:user/x' is not authorized to perform `ses:SendRawEmail' on resource `arn:aws:ses:eu-west-2:1:identity/example.com'",
      "quota 60 s: AccessDenied",
    ],
    [
      "ExpiredToken",
      "The security token included in the request is expired",
      "quota 60 s: ExpiredToken",
    ],
    ["UnrecognizedClient", "", "quota 60 s: UnrecognizedClient"],
  ])("%s, %s: everything waits", (code, message, waits) => {
    expect(told(code, message)).toBe(`wait ${waits}`);
  });
});

describe("what may be either", () => {
  it.each([
    ["MessageRejected", "m", "MessageRejected"],
    ["InvalidParameterValue", "Could not parse the ARN of the identity.", "InvalidParameterValue"],
    [
      "MessageRejected",
      "Email address is not verified. The following identities failed the check in region EU-WEST-2: doctor@example.org, ...",
      "identityNotVerified",
    ],
    ["MessageRejected", "Email address is not verified.", "identityNotVerified"],
    ["SomethingNew", "", "SomethingNew"],
    ["a@b.org said no", "", "otherSesError"],
  ])("%s, %s: is doubtful", (code, message, reason) => {
    expect(told(code, message)).toBe(`doubtful: ${reason}`);
  });
});
