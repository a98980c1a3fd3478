/** What both entries export: everything that needs neither of SES's clients. */
export type {
  Attachment,
  Email,
  EnvelopeRecipients,
  Mailbox,
  Mailboxes,
  PreparedEmail,
} from "./mailer/email.js";
export type { MailerOptions, SendRateOptions } from "./mailer/options.js";
export type { SesMailer } from "./mailer/mailer.js";
export { attemptHeader, emailTags } from "./mailer/tags.js";
export { SecondRequestError } from "./errors/second-request-error.js";
export { SesUnavailableError } from "./errors/ses-unavailable-error.js";
export { safeTimeouts, type SafeClientOptions, type SafeTimeouts } from "./wire/safe-settings.js";
export {
  createSesEventReconciler,
  type SesEventReconciler,
  type SesEventReconcilerOptions,
} from "./events/event-reconciler.js";
export type { EventBacklog } from "./events/judge-silence.js";
export type {
  EventFacts,
  ReconcileObservation,
  ReconcileObserver,
  UndecidedReason,
} from "./events/reconcile-observation.js";
export { memoryReconcileProgress } from "./events/reconcile-progress.js";
export { createReconciler, type Reconciler, type ReconcilerOptions } from "./events/reconciler.js";
export {
  parseSesMessage,
  sesEventTypes,
  type ParsedSesMessage,
  type SesEventNotification,
  type SesEventType,
} from "./events/ses-event.js";
