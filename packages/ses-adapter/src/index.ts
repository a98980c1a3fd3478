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
