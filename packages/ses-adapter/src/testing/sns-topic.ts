import type { PublishToTopic } from "./event-publisher.js";

/** Where the topic is. */
export interface SnsTopicOptions {
  /** For example the address of a local SNS; default: AWS's own. */
  readonly endpoint?: string | undefined;
  /** Default `us-east-1`. */
  readonly region?: string | undefined;
  /** Default: a pair that any local SNS takes. */
  readonly credentials?:
    { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined;
}

/**
 * Publishes events to an SNS topic, through `@aws-sdk/client-sns`, which only users of this helper
 * need to have installed; it is loaded at the first event.
 *
 * @throws whatever the import throws when `@aws-sdk/client-sns` isn't installed
 */
export const snsTopicPublisher = (
  options: SnsTopicOptions,
): {
  readonly publish: PublishToTopic;
  /** Ends the client's connections. */
  readonly close: () => Promise<void>;
} => {
  const load = async () => {
    const { SNSClient, PublishCommand } = await import("@aws-sdk/client-sns");
    const client = new SNSClient({
      region: options.region ?? "us-east-1",
      credentials: options.credentials ?? { accessKeyId: "local", secretAccessKey: "local" },
      ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
    });
    return { client, PublishCommand };
  };
  let loaded: ReturnType<typeof load> | undefined;
  return {
    publish: async (topicArn, message) => {
      const { client, PublishCommand } = await (loaded ??= load());
      await client.send(new PublishCommand({ TopicArn: topicArn, Message: message }));
    },
    close: async () => {
      (await loaded)?.client.destroy();
    },
  };
};
