// The notification service as it was before the incident: a team's honest first version.
import { CognitoIdentityProviderClient } from "@aws-sdk/client-cognito-identity-provider";
import { SendEmailCommand, SESClient } from "@aws-sdk/client-ses";
import { SQSClient } from "@aws-sdk/client-sqs";
import { credentialEmail } from "../../credential-revoked/email.js";
import { credentialRevokedEvent } from "../../credential-revoked/event.js";
import type { Email } from "../../email/email.js";
import { formEmail } from "../../form-updated/email.js";
import { formUpdatedEvent } from "../../form-updated/event.js";
import { listenToQueue } from "./queue-listener.js";
import { readSettings } from "./settings.js";
import { createUserAccounts } from "./user-accounts.js";

const settings = readSettings();
// The queue URLs of an emulator name hosts that only AWS has.
const sqs = new SQSClient({ useQueueUrlAsEndpoint: false });
const ses = new SESClient();
const users = createUserAccounts({
  client: new CognitoIdentityProviderClient(),
  userPoolId: settings.COGNITO_USER_POOL_ID,
  walkPauseMs: settings.WALK_PAUSE_MS,
  cacheLifeMs: settings.CACHE_LIFE_MS,
});

async function send({ to, subject, html, text }: Email): Promise<void> {
  await ses.send(
    new SendEmailCommand({
      Source: settings.EMAIL_FROM,
      Destination: { ToAddresses: [to] },
      Message: {
        Subject: { Data: subject, Charset: "UTF-8" },
        Body: { Html: { Data: html, Charset: "UTF-8" }, Text: { Data: text, Charset: "UTF-8" } },
      },
    }),
  );
}

const listeners = [
  listenToQueue({
    client: sqs,
    queueUrl: settings.FORM_UPDATED_QUEUE_URL,
    async handle(body) {
      const event = formUpdatedEvent.parse(body);
      const account = await users.accountOf(event.traineeId);
      await send(formEmail(event, account, settings.APP_URL));
    },
  }),
  listenToQueue({
    client: sqs,
    queueUrl: settings.CREDENTIAL_REVOKED_QUEUE_URL,
    async handle(body) {
      const event = credentialRevokedEvent.parse(body);
      const account = await users.accountOf(event.traineeId);
      await send(credentialEmail(event, account, settings.APP_URL));
    },
  }),
];

process.once("SIGTERM", () => {
  void Promise.all(listeners.map((listener) => listener.stop())).then(() => process.exit(0));
});
