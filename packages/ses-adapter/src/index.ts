export type { Attachment, Email, Mailbox, PreparedEmail } from "./mailer/email.js";
export { SecondRequestError } from "./errors/second-request-error.js";
export { sesMailer, type SesMailer, type SesMailerOptions } from "./mailer/mailer.js";
export {
  safeSesClient,
  safeTimeouts,
  type SafeSesClientConfig,
  type SafeTimeouts,
} from "./wire/safe-client.js";
export type { SendRateOptions } from "./mailer/send-rate.js";
export { attemptHeader, emailTags } from "./mailer/tags.js";
export {
  createSesEventReconciler,
  type SesEventReconciler,
  type SesEventReconcilerOptions,
} from "./events/event-reconciler.js";
export type { EventBacklog } from "./events/judge-silence.js";
export type {
  EventFacts,
  HoldingReason,
  ReconcileObservation,
  ReconcileObserver,
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
