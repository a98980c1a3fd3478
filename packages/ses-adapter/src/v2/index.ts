export * from "../exports.js";
export { sesV2Mailer, type SesV2MailerOptions } from "../mailer/ses-v2-mailer.js";
export type { ListManagement } from "../wire/api-v2.js";
export { safeSesV2Client, type SafeSesV2ClientConfig } from "../wire/safe-v2-client.js";
