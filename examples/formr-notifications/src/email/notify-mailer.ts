import type { Sender } from "@exactly-once/core";
import { notifyEmailSender, type PreparedNotification } from "@exactly-once/notify-adapter";
import type { NotifyConfig } from "../config.js";
import type { Email } from "./email.js";

/**
 * Sends the service's own emails through one template of GOV.UK Notify, as text: Notify makes the page
 * around it.
 */
export function notifyMailer({
  apiKey,
  templateId,
  url,
}: NotifyConfig): Sender<Email, PreparedNotification> {
  const isLocal = url?.startsWith("http:") ?? false;
  const notify = notifyEmailSender({
    apiKey,
    ...(url === undefined ? {} : { baseUrl: url }),
    // A local Notify, for trying the service.
    ...(isLocal ? { allowHttp: true, allowPrivateAddresses: true } : {}),
  });
  return {
    prepare: ({ to, subject, text, template }) =>
      notify.prepare({ to, templateId, personalisation: { subject, body: text }, template }),
    send: (prepared, attempt) => notify.send(prepared, attempt),
    lookup: (attempt) => notify.lookup(attempt),
    summarize: (prepared) => notify.summarize(prepared),
    admit: (options) => notify.admit(options),
    verify: (options) => notify.verify(options),
    validityMs: notify.validityMs,
    attemptTimeoutMs: notify.attemptTimeoutMs,
    evidence: notify.evidence,
  };
}
