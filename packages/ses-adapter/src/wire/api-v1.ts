import { GetSendQuotaCommand, SendRawEmailCommand, type SESClient } from "@aws-sdk/client-ses";
import { codeWithoutSuffix, type SesApi, type SesError } from "./ses-api.js";

/**
 * The most that `SendRawEmail` takes. Source: "Service quotas in Amazon SES" (Developer Guide),
 * messages by the v1 API.
 */
const maxMessageBytes = 10 * 1_024 * 1_024;

export interface ApiV1Settings {
  readonly client: SESClient;
  readonly configurationSetName: string | undefined;
}

/** SES's first API: the Query protocol, answers in XML. */
export function apiV1({ client, configurationSetName }: ApiV1Settings): SesApi {
  return {
    ...{ caller: "sesMailer", safeClient: "safeSesClient()", maxMessageBytes },
    ...{ permissions: "ses:SendRawEmail and ses:GetSendQuota", accountCall: "GetSendQuota" },
    config: client.config,
    sendEmail: async ({ from, recipients, raw, tags }, { arm, abortSignal }) => {
      const command = new SendRawEmailCommand({
        Source: from,
        Destinations: [...recipients.to, ...recipients.cc, ...recipients.bcc],
        RawMessage: { Data: raw },
        Tags: tags.map(([Name, Value]) => ({ Name, Value })),
        ConfigurationSetName: configurationSetName,
      });
      arm(command.middlewareStack);
      return (await client.send(command, { abortSignal })).MessageId;
    },
    askAccount: async ({ arm, abortSignal }) => {
      const command = new GetSendQuotaCommand({});
      arm(command.middlewareStack);
      const quota = await client.send(command, { abortSignal });
      return {
        maxSendRate: quota.MaxSendRate ?? 0,
        max24HourSend: quota.Max24HourSend ?? -1,
        sentLast24Hours: quota.SentLast24Hours ?? 0,
        sendingEnabled: true,
      };
    },
    errorOf,
  };
}

/** The error code of SES's own XML. A proxy's page has none, whatever the SDK names the error. */
function errorOf(error: unknown): SesError | undefined {
  const { message, Code, Error: inner } = Object(error) as Readonly<Record<string, unknown>>;
  const code = Code ?? (Object(inner) as Readonly<Record<string, unknown>>)["Code"];
  if (typeof code !== "string" || code === "") return undefined;
  return { code: codeWithoutSuffix(code), message: typeof message === "string" ? message : "" };
}
