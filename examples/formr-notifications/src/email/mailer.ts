import { createHash } from "node:crypto";
import { SESClient, SendEmailCommand } from "@aws-sdk/client-ses";
import type { Sender } from "@exactly-once/core";
import type { Config } from "../config.js";
import type { Email } from "./email.js";

export interface Mailer {
  readonly sender: Sender<Email>;
  close(): void;
}

export function createMailer(config: Config): Mailer {
  const client = new SESClient({
    region: config.region,
    maxAttempts: 1,
    ...(config.endpoints.ses === undefined ? {} : { endpoint: config.endpoints.ses }),
  });
  const sender: Sender<Email, Email> = {
    prepare: (email) => Promise.resolve(email),
    summarize: (email) => ({
      recipients: [email.to],
      contentDigest: createHash("sha256").update(email.subject).update(email.html).digest("hex"),
      template: email.template,
    }),
    async send(email, attempt) {
      const reply = await client.send(
        new SendEmailCommand({
          Source: config.from.address,
          Destination: { ToAddresses: [email.to] },
          Message: {
            Subject: { Data: email.subject, Charset: "UTF-8" },
            Body: {
              Html: { Data: email.html, Charset: "UTF-8" },
              Text: { Data: email.text, Charset: "UTF-8" },
            },
          },
          Tags: [{ Name: "attempt", Value: attempt.id }],
          ...(config.configurationSet === undefined
            ? {}
            : { ConfigurationSetName: config.configurationSet }),
        }),
        { abortSignal: attempt.signal },
      );
      if (!reply.MessageId) return { status: "unknown", reason: "noMessageId" };
      return {
        status: "accepted",
        receipt: { id: reply.MessageId, at: Date.now(), via: "provider" },
      };
    },
  };
  return { sender, close: () => client.destroy() };
}
