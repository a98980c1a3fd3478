import type { Email } from "../email/email.js";
import { greetingFor } from "../email/greeting.js";
import { isolated, oneLine } from "../email/plain-text.js";
import { renderTemplate, type TemplateName } from "../email/templates.js";
import { ukTime } from "../email/uk-time.js";
import type { Recipient } from "../recipient.js";
import type { FormUpdatedEvent, LifecycleState } from "./event.js";
import { describeFormType } from "./form-types.js";

const TEMPLATES: Readonly<Record<LifecycleState, TemplateName>> = {
  SUBMITTED: "form-submitted",
  UNSUBMITTED: "form-unsubmitted",
  DELETED: "form-deleted",
  DRAFT: "form-updated",
  APPROVED: "form-updated",
  REJECTED: "form-updated",
  WITHDRAWN: "form-updated",
};

const STATE_WORDS: Readonly<Record<LifecycleState, string>> = {
  SUBMITTED: "submitted",
  UNSUBMITTED: "unsubmitted",
  DELETED: "deleted",
  DRAFT: "a draft",
  APPROVED: "approved",
  REJECTED: "rejected",
  WITHDRAWN: "withdrawn",
};

/** The kind of email that a change of a form takes. */
export function templateFor(event: FormUpdatedEvent): TemplateName {
  return TEMPLATES[event.lifecycleState];
}

/** The email that tells a doctor what became of a form. */
export function formEmail(event: FormUpdatedEvent, recipient: Recipient, appUrl: string): Email {
  const template = templateFor(event);
  const form = describeFormType(event.formType, appUrl);
  const reference = oneLine(event.formName);
  const rendered = renderTemplate(template, {
    appUrl,
    greeting: greetingFor(recipient.familyName),
    form,
    state: STATE_WORDS[event.lifecycleState],
    // Names the form where a doctor has several of a kind.
    reference,
    plainReference: isolated(reference),
    when: ukTime(event.eventDate),
  });
  return { to: recipient.email, template, ...rendered };
}
