import {
  createLocalSes,
  snsTopicPublisher,
  type LocalSes,
  type LocalSesOptions,
} from "@exactly-once/ses-adapter/testing";
import { createLocalNotify, type LocalNotify } from "@exactly-once/notify-adapter/testing";
import { buildApp } from "fauxqs";
import { createLocalCognito, type LocalCognito, type LocalCognitoOptions } from "./cognito.js";
import { LOCAL_AWS } from "./local-aws.js";
import {
  localQueues,
  type LocalQueue,
  type LocalQueues,
  type LocalQueueSettings,
} from "./queues.js";
import { createSesTopic } from "./ses-topic.js";

export interface LocalStackOptions {
  /** Of both queues. */
  readonly queues?: LocalQueueSettings;
  /** Default: 500 users who are found at once. */
  readonly cognito?: Partial<LocalCognitoOptions>;
  readonly ses?: Omit<LocalSesOptions, "configurationSets" | "publish">;
}

/** Everything in AWS that the service talks to, in this process, on loopback ports. */
export interface LocalStack {
  /** SQS and SNS. */
  readonly awsEndpoint: string;
  readonly queues: LocalQueues;
  readonly formUpdated: LocalQueue;
  readonly credentialRevoked: LocalQueue;
  /** Where SES's events arrive, by way of SNS. */
  readonly sesEvents: LocalQueue;
  readonly ses: LocalSes;
  /** GOV.UK Notify; emails go there with `SENDER=notify`. */
  readonly notify: LocalNotify;
  readonly cognito: LocalCognito;
  /** Environment variables that lead the service, in this process or another, to this stack. */
  readonly env: Readonly<Record<string, string>>;
  /** Sends an event (or, as a string, any body) to the form-updated queue; gives the message id. */
  submitForm(event: Submission, groupId?: string): Promise<string>;
  /** The same for the credential-revoked queue. */
  revokeCredential(event: Submission, groupId?: string): Promise<string>;
  close(): Promise<void>;
}

/** A message's body. An object's `traineeId` is the FIFO group unless another is given. */
export type Submission = string | object;

const CONFIGURATION_SET = "notifications";
const TEMPLATE_ID = "f33517ff-2a88-4f6e-b855-c550268ce08a";

/** Starts a fresh stack. Nothing of it outlives `close`. */
export async function startLocalStack(options: LocalStackOptions = {}): Promise<LocalStack> {
  const aws = buildApp({ logger: false });
  const awsEndpoint = await aws.listen({ host: "127.0.0.1", port: 0 });
  const queues = localQueues(awsEndpoint);
  const formUpdated = await queues.create("form-updated.fifo", options.queues);
  const credentialRevoked = await queues.create("credential-revoked.fifo", options.queues);
  const sesEvents = await queues.create("ses-events");
  const topicArn = await createSesTopic(awsEndpoint, await queues.arnOf(sesEvents.url));
  const topic = snsTopicPublisher({ ...LOCAL_AWS, endpoint: awsEndpoint });
  const ses = await createLocalSes({
    ...options.ses,
    configurationSets: { [CONFIGURATION_SET]: { topicArn } },
    publish: topic.publish,
  });
  const notify = await createLocalNotify({
    templates: { [TEMPLATE_ID]: { subject: "((subject))", body: "((body))" } },
  });
  const cognito = await createLocalCognito({ users: 500, ...options.cognito });

  return {
    awsEndpoint,
    queues,
    formUpdated,
    credentialRevoked,
    sesEvents,
    ses,
    notify,
    cognito,
    env: {
      AWS_REGION: LOCAL_AWS.region,
      AWS_ACCESS_KEY_ID: LOCAL_AWS.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: LOCAL_AWS.credentials.secretAccessKey,
      AWS_ENDPOINT_URL_SQS: awsEndpoint,
      AWS_ENDPOINT_URL_SES: ses.endpoint,
      AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER: cognito.endpoint,
      FORM_UPDATED_QUEUE_URL: formUpdated.url,
      CREDENTIAL_REVOKED_QUEUE_URL: credentialRevoked.url,
      NOTIFY_API_URL: notify.endpoint,
      NOTIFY_API_KEY: notify.apiKey,
      NOTIFY_TEMPLATE_ID: TEMPLATE_ID,
      SES_CONFIGURATION_SET: CONFIGURATION_SET,
      SES_EVENTS_QUEUE_URL: sesEvents.url,
      COGNITO_USER_POOL_ID: cognito.userPoolId,
      COGNITO_CALLS_PER_SECOND: "1000",
      // A small pool may be walked again at once for a trainee who isn't known.
      USER_CACHE_MIN_INTERVAL_SECONDS: "1",
      APP_URL: "https://trainee.example.org",
      EMAIL_FROM: "no-reply@example.org",
      DELIVERY: "live",
      PORT: "0",
    },
    submitForm: (event, groupId) =>
      queues.send(formUpdated.url, bodyOf(event), groupId ?? groupOf(event)),
    revokeCredential: (event, groupId) =>
      queues.send(credentialRevoked.url, bodyOf(event), groupId ?? groupOf(event)),
    async close() {
      queues.close();
      await Promise.all([ses.close(), notify.close(), cognito.close()]);
      await topic.close();
      await aws.close();
    },
  };
}

function bodyOf(event: Submission): string {
  return typeof event === "string" ? event : JSON.stringify(event);
}

function groupOf(event: Submission): string {
  const id = typeof event === "string" ? undefined : (event as { traineeId?: unknown }).traineeId;
  return typeof id === "string" && /^[\w-]{1,128}$/.test(id) ? id : "no-trainee";
}
