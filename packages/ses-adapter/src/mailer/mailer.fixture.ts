import type { SESClient } from "@aws-sdk/client-ses";
import type { SESv2Client } from "@aws-sdk/client-sesv2";
import { safeSesClient } from "../wire/safe-client.js";
import type { SafeClientOptions } from "../wire/safe-settings.js";
import { safeSesV2Client } from "../wire/safe-v2-client.js";
import type { Email } from "./email.js";
import type { SesMailer } from "./mailer.js";
import type { MailerOptions } from "./options.js";
import { sesMailer } from "./ses-mailer.js";
import { sesV2Mailer } from "./ses-v2-mailer.js";

export const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" };

export const email: Email = {
  to: { name: "Zoë O’Neill", address: "doctor@example.org" },
  subject: "Form R received ✓",
  html: "<p>Dear Dr O’Neill,</p>",
  text: "Dear Dr O’Neill,",
  template: "form-updated",
};

export type ApiName = "v1" | "v2";
export const bothApis: readonly ApiName[] = ["v1", "v2"];

/** The actions of each API that a mailer uses. */
export const actionsOf = {
  v1: { send: "SendRawEmail", account: "GetSendQuota" },
  v2: { send: "SendEmail", account: "GetAccount" },
} as const satisfies Record<ApiName, unknown>;

export interface ClientOptions extends SafeClientOptions {
  readonly credentials?: () => Promise<typeof credentials>;
}

const from = { name: "Forms", address: "forms@example.com" };

/** Real clients and mailers of either API that end with the test. */
export const mailerFixture = (onTestFinished: (clean: () => void) => void) => {
  const clientOf = (endpoint: string, options: ClientOptions = {}): SESClient => {
    const client = safeSesClient({ ...{ endpoint, region: "eu-west-2", credentials }, ...options });
    onTestFinished(() => client.destroy());
    return client;
  };
  const clientV2Of = (endpoint: string, options: ClientOptions = {}): SESv2Client => {
    const client = safeSesV2Client({
      ...{ endpoint, region: "eu-west-2", credentials },
      ...options,
    });
    onTestFinished(() => client.destroy());
    return client;
  };
  const mailerOf = (client: SESClient, options: Partial<MailerOptions> = {}): SesMailer =>
    sesMailer({ client, from, ...options });
  /** A mailer and its client, typed as far as tests look into it. */
  const bring = (
    api: ApiName,
    endpoint: string,
    options: ClientOptions = {},
    mailerOptions: Partial<MailerOptions> = {},
  ) => {
    if (api === "v1") {
      const client = clientOf(endpoint, options);
      return { client, mailer: sesMailer({ client, from, ...mailerOptions }) };
    }
    const client = clientV2Of(endpoint, options);
    return { client, mailer: sesV2Mailer({ client, from, ...mailerOptions }) };
  };
  return { clientOf, clientV2Of, mailerOf, bring };
};
