import { definePipeline } from "@exactly-once/core";
import type { PipelineSettings } from "../pipeline-settings.js";
import { findRecipient } from "../recipient.js";
import { credentialEmail } from "./email.js";
import { credentialRevokedEvent } from "./event.js";

/** One email for each credential that is revoked. */
export function credentialRevokedPipeline(settings: PipelineSettings) {
  const { users, mailer, appUrl, holdForMs, budgets } = settings;
  return definePipeline({
    name: "credential-revoked",
    schema: credentialRevokedEvent,
    key: (event) => [event.traineeId, event.credentialType, event.credentialId],
    // What the email says; not the rest of the event, which may be re-published otherwise.
    fingerprint: (decoded) => credentialRevokedEvent.parse(decoded),
    effects: { email: mailer },
    holdForMs,
    tripwire: budgets,
    handler: async (event, context) => {
      const recipient = await findRecipient(users, event.traineeId, context);
      await context.once("email", credentialEmail(event, recipient, appUrl));
    },
  });
}
