import { GetAccountCommand, SendEmailCommand, type SESv2Client } from "@aws-sdk/client-sesv2";
import { codeWithoutSuffix, type SesApi, type SesError } from "./ses-api.js";

/**
 * The most that `SendEmail` takes. Source: "Service quotas in Amazon SES" (Developer Guide), messages
 * by the v2 API; SES sends those of more than 10 MB more slowly.
 */
const maxMessageBytes = 40 * 1_024 * 1_024;

/** A contact list of SES's own, whose subscriptions it looks after. */
export interface ListManagement {
  readonly contactListName: string;
  readonly topicName?: string;
}

export interface ApiV2Settings {
  readonly client: SESv2Client;
  readonly configurationSetName: string | undefined;
  readonly tenantName: string | undefined;
  readonly listManagement: ListManagement | undefined;
}

/** SES's second API: REST, answers in JSON. */
export function apiV2(settings: ApiV2Settings): SesApi {
  const { client, configurationSetName, tenantName, listManagement } = settings;
  return {
    ...{ caller: "sesV2Mailer", safeClient: "safeSesV2Client()", maxMessageBytes },
    ...{ permissions: "ses:SendEmail and ses:GetAccount", accountCall: "GetAccount" },
    config: client.config,
    sendEmail: async ({ from, recipients, raw, tags }, { arm, abortSignal }) => {
      const command = new SendEmailCommand({
        FromEmailAddress: from,
        Destination: {
          ToAddresses: [...recipients.to],
          CcAddresses: [...recipients.cc],
          BccAddresses: [...recipients.bcc],
        },
        Content: { Raw: { Data: raw } },
        EmailTags: tags.map(([Name, Value]) => ({ Name, Value })),
        ConfigurationSetName: configurationSetName,
        TenantName: tenantName,
        ListManagementOptions: listManagement && {
          ContactListName: listManagement.contactListName,
          TopicName: listManagement.topicName,
        },
      });
      arm(command.middlewareStack);
      return (await client.send(command, { abortSignal })).MessageId;
    },
    askAccount: async ({ arm, abortSignal }) => {
      const command = new GetAccountCommand({});
      arm(command.middlewareStack);
      const { SendQuota: quota, SendingEnabled } = await client.send(command, { abortSignal });
      return {
        maxSendRate: quota?.MaxSendRate ?? 0,
        max24HourSend: quota?.Max24HourSend ?? -1,
        sentLast24Hours: quota?.SentLast24Hours ?? 0,
        sendingEnabled: SendingEnabled ?? true,
      };
    },
    errorOf,
  };
}

/**
 * An error that the SDK could read as one of the service, with AWS's request id: JSON of a proxy may
 * have a `code`, too, and says nothing about what SES got.
 */
function errorOf(error: unknown): SesError | undefined {
  const { name, message, $fault, $metadata } = Object(error) as Readonly<Record<string, unknown>>;
  const { requestId } = Object($metadata) as Readonly<Record<string, unknown>>;
  if ($fault === undefined || requestId === undefined) return undefined;
  if (typeof name !== "string" || name === "" || name === "Unknown") return undefined;
  return { code: codeWithoutSuffix(name), message: typeof message === "string" ? message : "" };
}
