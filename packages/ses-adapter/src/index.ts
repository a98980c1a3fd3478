export * from "./exports.js";
export { sesMailer, type SesMailerOptions } from "./mailer/ses-mailer.js";
export { safeSesClient, type SafeSesClientConfig } from "./wire/safe-client.js";
