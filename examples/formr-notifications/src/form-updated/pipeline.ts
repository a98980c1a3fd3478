import { definePipeline } from "@exactly-once/core";
import type { PipelineSettings } from "../pipeline-settings.js";
import { findRecipient } from "../recipient.js";
import { formEmail } from "./email.js";
import { formUpdatedEvent } from "./event.js";

/** One email for each change of a form's state. */
export function formUpdatedPipeline(settings: PipelineSettings) {
  const { users, mailer, appUrl, holdForMs, budgets } = settings;
  return definePipeline({
    name: "form-updated",
    schema: formUpdatedEvent,
    key: (event) => [
      event.traineeId,
      event.formType,
      event.formName,
      event.lifecycleState,
      event.eventDate,
    ],
    // What the email says; not the rest of the event, which may be re-published otherwise.
    fingerprint: (decoded) => formUpdatedEvent.parse(decoded),
    effects: { email: mailer },
    holdForMs,
    tripwire: budgets,
    handler: async (event, context) => {
      const recipient = await findRecipient(users, event.traineeId, context);
      await context.once("email", formEmail(event, recipient, appUrl));
    },
  });
}
