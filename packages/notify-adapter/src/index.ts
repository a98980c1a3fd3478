export { notifyEmailSender, notifySmsSender, type NotifySender } from "./sender/notify-sender.js";
export type { NotifyOptions } from "./sender/options.js";
export type {
  NotifyEmail,
  NotifyFile,
  NotifySms,
  Personalisation,
  PreparedNotification,
} from "./sender/notification.js";
export { NotifyUnavailableError } from "./sender/notify-unavailable-error.js";
export {
  notifyCallbacks,
  type CallbackAnswer,
  type CallbackObservation,
  type CallbackRequest,
  type NotifyCallbacksOptions,
} from "./evidence/callbacks.js";
