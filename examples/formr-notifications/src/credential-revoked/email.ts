import type { Email } from "../email/email.js";
import { greetingFor } from "../email/greeting.js";
import { isolated, oneLine } from "../email/plain-text.js";
import { renderTemplate } from "../email/templates.js";
import { ukTime } from "../email/uk-time.js";
import type { Recipient } from "../recipient.js";
import { describeCredentialType } from "./credential-types.js";
import type { CredentialRevokedEvent } from "./event.js";

export const CREDENTIAL_TEMPLATE = "credential-revoked";

/** The email that tells a doctor that a credential no longer counts. */
export function credentialEmail(
  event: CredentialRevokedEvent,
  recipient: Recipient,
  appUrl: string,
): Email {
  const template = CREDENTIAL_TEMPLATE;
  const credential = describeCredentialType(event.credentialType, appUrl);
  const reference = oneLine(event.credentialId);
  const rendered = renderTemplate(template, {
    appUrl,
    greeting: greetingFor(recipient.familyName),
    credential: { ...credential, plainTitle: isolated(credential.title) },
    reference,
    plainReference: isolated(reference),
    issued: ukTime(event.issuedAt),
  });
  return { to: recipient.email, template, ...rendered };
}
