import type { SESClient } from "@aws-sdk/client-ses";
import type { Email } from "./email.js";
import { sesMailer, type SesMailerOptions } from "./mailer.js";
import { safeSesClient, type SafeSesClientConfig } from "../wire/safe-client.js";

export const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" };

export const email: Email = {
  to: { name: "Zoë O’Neill", address: "doctor@example.org" },
  subject: "Form R received ✓",
  html: "<p>Dear Dr O’Neill,</p>",
  text: "Dear Dr O’Neill,",
  template: "form-updated",
};

/** Gives up soon, for servers that hang. */
export const impatient = { connectionTimeout: 1_000, requestTimeout: 500, socketTimeout: 500 };

/** Real clients and mailers that end with the test. */
export const mailerFixture = (onTestFinished: (clean: () => void) => void) => {
  const clientOf = (endpoint: string, config: SafeSesClientConfig = {}): SESClient => {
    const client = safeSesClient({
      ...{ endpoint, region: "eu-west-2", credentials },
      ...config,
    });
    onTestFinished(() => client.destroy());
    return client;
  };
  const mailerOf = (client: SESClient, options: Partial<SesMailerOptions> = {}) =>
    sesMailer({ client, from: { name: "Forms", address: "forms@example.com" }, ...options });
  return { clientOf, mailerOf };
};
