export type { Attachment, Email, Mailbox, PreparedEmail } from "./email.js";
export { isSecondRequestError, SecondRequestError } from "./errors/second-request-error.js";
export { sesMailer, type SesMailer, type SesMailerOptions } from "./mailer.js";
export {
  safeSesClient,
  safeTimeouts,
  type SafeSesClientConfig,
  type SafeTimeouts,
} from "./safe-client.js";
export type { SendRateOptions } from "./send-rate.js";
export { attemptHeader, emailTags } from "./tags.js";
export {
  createSesEventReconciler,
  type SesEventReconciler,
  type SesEventReconcilerOptions,
} from "./event-reconciler.js";
export type { EventBacklog } from "./judge-silence.js";
export type {
  EventFacts,
  HoldingReason,
  ReconcileObservation,
  ReconcileObserver,
} from "./reconcile-observation.js";
export { memoryReconcileProgress } from "./reconcile-progress.js";
export { createReconciler, type Reconciler, type ReconcilerOptions } from "./reconciler.js";
export {
  parseSesMessage,
  sesEventTypes,
  type ParsedSesMessage,
  type SesEventNotification,
  type SesEventType,
} from "./ses-event.js";
