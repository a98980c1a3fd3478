import type { SESClient } from "@aws-sdk/client-ses";
import { apiV1 } from "../wire/api-v1.js";
import { Mailer, type SesMailer } from "./mailer.js";
import { checkClient, mailerSettings, type MailerOptions } from "./options.js";

export interface SesMailerOptions extends MailerOptions {
  /** Best made by `safeSesClient`; one that isn't safe is refused at start. The caller closes it. */
  readonly client: SESClient;
}

/**
 * Sends emails through SES's first API (`SendRawEmail`, up to 10 MB): at most one request for each
 * attempt, and none after its deadline. `sesV2Mailer` in `@exactly-once/ses-adapter/v2` is the same
 * on the second.
 *
 * @example
 * ```ts
 * const email = sesMailer({
 *   client: safeSesClient({ region: "eu-west-2" }),
 *   from: { name: "Forms", address: "forms@example.org" },
 *   configurationSetName: "notifications",
 * });
 * ```
 * @throws ConfigurationError when an option can't be right
 */
export function sesMailer(options: SesMailerOptions): SesMailer {
  const { client, configurationSetName } = options;
  checkClient(client, "SES");
  const settings = mailerSettings(options, "sesMailer");
  return new Mailer(apiV1({ client, configurationSetName }), settings);
}
