import type { SESClient } from "@aws-sdk/client-ses";
import type { SQSClient } from "@aws-sdk/client-sqs";
import type { RedisStore } from "@exactly-once/redis-store";
import { required, type Settings } from "./settings.js";

/** What a command talks to, opened when it is first asked for. */
export interface Connections {
  /** @throws UsageError where no Redis is configured */
  store(): Promise<RedisStore>;
  sqs(): Promise<SQSClient>;
  ses(): Promise<SESClient>;
  /** What Redis last complained about; the store only knows that it didn't answer. */
  redisComplaint(): string | undefined;
  close(): void;
}

/** An operator rather waits a little than being told that all is down. */
const COMMAND_TIMEOUT_MS = 5_000;

export function connect(settings: Settings): Connections {
  const closers: (() => void)[] = [];
  let complaint: string | undefined;

  const once = <T>(open: () => Promise<T>) => {
    let opened: Promise<T> | undefined;
    return () => (opened ??= open());
  };

  async function openStore(): Promise<RedisStore> {
    const { url: given, keyPrefix, cluster } = settings.redis;
    const how = "pass --redis-url, set REDIS_URL, or write redis.url into the configuration file";
    const url = required(given, "The URL of Redis", how);
    const [{ Cluster, Redis }, { redisStore }] = await Promise.all([
      import("ioredis"),
      import("@exactly-once/redis-store"),
    ]);
    const connection = {
      connectTimeout: COMMAND_TIMEOUT_MS,
      maxRetriesPerRequest: 0,
      retryStrategy: () => null,
      connectionName: "exactly-once-cli",
    };
    const client = cluster
      ? new Cluster([url], {
          clusterRetryStrategy: () => null,
          redisOptions: { ...connection, ...credentialsOf(url) },
        })
      : new Redis(url, connection);
    client.on("error", (error: Error) => {
      complaint = error.message;
    });
    closers.push(() => client.disconnect());
    const retentionMs = settings.doneRetentionMs;
    return redisStore({ client, keyPrefix, retentionMs, commandTimeoutMs: COMMAND_TIMEOUT_MS });
  }

  function awsConfig(endpoint: string | undefined) {
    const { region } = settings.aws;
    return {
      ...(region === undefined ? {} : { region }),
      ...(endpoint === undefined ? {} : { endpoint }),
    };
  }

  return {
    store: once(openStore),
    sqs: once(async () => {
      const { SQSClient } = await import("@aws-sdk/client-sqs");
      const client = new SQSClient(awsConfig(settings.aws.endpoint));
      closers.push(() => client.destroy());
      return client;
    }),
    ses: once(async () => {
      const { safeSesClient } = await import("@exactly-once/ses-adapter");
      const client = safeSesClient(awsConfig(settings.ses.endpoint ?? settings.aws.endpoint));
      closers.push(() => client.destroy());
      return client;
    }),
    redisComplaint: () => complaint,
    close: () => {
      for (const close of closers) close();
    },
  };
}

/** A cluster's nodes name each other by address alone. */
function credentialsOf(text: string) {
  const { protocol, username, password } = new URL(text);
  return {
    ...(username === "" ? {} : { username: decodeURIComponent(username) }),
    ...(password === "" ? {} : { password: decodeURIComponent(password) }),
    ...(protocol === "rediss:" ? { tls: {} } : {}),
  };
}
