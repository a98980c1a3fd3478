import type { SESv2Client } from "@aws-sdk/client-sesv2";
import { optionsOf } from "@exactly-once/core/ports";
import { apiV2, type ListManagement } from "../wire/api-v2.js";
import { Mailer, type SesMailer } from "./mailer.js";
import { checkClient, mailerSettings, type MailerOptions } from "./options.js";

export interface SesV2MailerOptions extends MailerOptions {
  /** Best made by `safeSesV2Client`; one that isn't safe is refused at start. The caller closes it. */
  readonly client: SESv2Client;
  /** Whose reputation the emails count for, where the account has tenants. */
  readonly tenantName?: string | undefined;
  /**
   * A contact list of SES's: it adds the headers and links to unsubscribe by, and doesn't deliver to
   * those who did.
   */
  readonly listManagement?: ListManagement | undefined;
}

/**
 * Sends emails through SES's second API (`SendEmail` with raw content, up to 40 MB): at most one
 * request for each attempt, and none after its deadline.
 *
 * @example
 * ```ts
 * import { safeSesV2Client, sesV2Mailer } from "@exactly-once/ses-adapter/v2";
 *
 * const email = sesV2Mailer({
 *   client: safeSesV2Client({ region: "eu-west-2" }),
 *   from: { name: "Forms", address: "forms@example.org" },
 *   configurationSetName: "notifications",
 * });
 * ```
 * @throws ConfigurationError when an option can't be right
 */
export function sesV2Mailer(options: SesV2MailerOptions): SesMailer {
  const { client, configurationSetName, tenantName, listManagement } = options;
  const check = optionsOf("sesV2Mailer");
  checkClient(client, "SESv2");
  const settings = mailerSettings(options, "sesV2Mailer");
  for (const [name, value] of [
    ["tenantName", tenantName],
    ["listManagement.contactListName", listManagement?.contactListName],
    ["listManagement.topicName", listManagement?.topicName],
  ] as const) {
    if (value === undefined) continue;
    check.text(name, value, /^[A-Za-z0-9_-]{1,64}$/, "1 to 64 of [A-Za-z0-9_-]");
  }
  return new Mailer(apiV2({ client, configurationSetName, tenantName, listManagement }), settings);
}
