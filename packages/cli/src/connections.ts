import type { CognitoIdentityProviderClient } from "@aws-sdk/client-cognito-identity-provider";
import type { LambdaClient } from "@aws-sdk/client-lambda";
import type { SESClient } from "@aws-sdk/client-ses";
import type { SNSClient } from "@aws-sdk/client-sns";
import type { SQSClient } from "@aws-sdk/client-sqs";
import type { RedisStore } from "@exactly-once/redis-store";
import { required, type Settings } from "./settings.js";

/** What a command talks to, opened when it is first asked for. */
export interface Connections {
  /** @throws UsageError where no Redis is configured */
  store(): Promise<RedisStore>;
  sqs(): Promise<SQSClient>;
  ses(): Promise<SESClient>;
  sns(): Promise<SNSClient>;
  lambda(): Promise<LambdaClient>;
  cognito(): Promise<CognitoIdentityProviderClient>;
  /** What Redis last complained about; the store only knows that it didn't answer. */
  redisComplaint(): string | undefined;
  close(): void;
}

/** An operator rather waits a little than being told that all is down. */
const COMMAND_TIMEOUT_MS = 5_000;
/** Without these the SDK waits for ever where a route drops its packets. */
const PATIENCE = {
  maxAttempts: 2,
  requestHandler: {
    connectionTimeout: 3_000,
    requestTimeout: 10_000,
    throwOnRequestTimeout: true,
  },
} as const;

/** Whatever ends when the command does. */
class Closers {
  readonly #closers: (() => void)[] = [];

  add<Client extends { destroy(): void }>(client: Client): Client {
    this.#closers.push(() => client.destroy());
    return client;
  }

  close(): void {
    for (const close of this.#closers) close();
  }
}

export function connect(settings: Settings): Connections {
  const closers = new Closers();
  let complaint: string | undefined;
  const aws = (endpoint = settings.aws.endpoint) => awsConfig(settings, endpoint);
  return {
    store: once(async () => {
      const { store, client } = await openStore(settings, (told) => (complaint = told));
      closers.add({ destroy: () => client.disconnect() });
      return store;
    }),
    sqs: once(async () => {
      const { SQSClient } = await import("@aws-sdk/client-sqs");
      return closers.add(new SQSClient(aws()));
    }),
    ses: once(async () => {
      const { safeSesClient } = await import("@exactly-once/ses-adapter");
      return closers.add(safeSesClient(aws(settings.ses.endpoint)));
    }),
    sns: once(async () => {
      const { SNSClient } = await import("@aws-sdk/client-sns");
      return closers.add(new SNSClient({ ...aws(), ...PATIENCE }));
    }),
    lambda: once(async () => {
      const { LambdaClient } = await import("@aws-sdk/client-lambda");
      return closers.add(new LambdaClient({ ...aws(), ...PATIENCE }));
    }),
    cognito: once(async () => {
      const { CognitoIdentityProviderClient } =
        await import("@aws-sdk/client-cognito-identity-provider");
      return closers.add(new CognitoIdentityProviderClient({ ...aws(), ...PATIENCE }));
    }),
    redisComplaint: () => complaint,
    close: () => {
      closers.close();
    },
  };
}

function once<T>(open: () => Promise<T>): () => Promise<T> {
  let opened: Promise<T> | undefined;
  return () => (opened ??= open());
}

function awsConfig({ aws: { region } }: Settings, endpoint: string | undefined) {
  return {
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
  };
}

async function openStore(settings: Settings, onComplaint: (message: string) => void) {
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
    onComplaint(error.message);
  });
  const retentionMs = settings.doneRetentionMs;
  const store = redisStore({
    client,
    keyPrefix,
    retentionMs,
    commandTimeoutMs: COMMAND_TIMEOUT_MS,
  });
  return { store, client };
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
