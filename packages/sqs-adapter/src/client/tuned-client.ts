import { SQSClient, type SQSClientConfig } from "@aws-sdk/client-sqs";
import { LONGEST_TIMER_MS, optionsOf } from "@exactly-once/core/ports";
import { lazyHandler } from "./lazy-handler.js";

/** Limits of one try of a call, ms. */
export interface TunedTimeouts {
  /** Default 2,000. */
  readonly connectionTimeout?: number | undefined;
  /** From when the request was sent to the reply's headers. Default 25,000; at least 21,000. */
  readonly requestTimeout?: number | undefined;
  /** From one piece of the reply to the next. Default 25,000; at least 21,000. */
  readonly socketTimeout?: number | undefined;
}

/** The longest poll, 20,000, and time for its answer: a poll that is cut off loses what it brings. */
const MIN_TIMEOUT_MS = 21_000;

/** Without `retryStrategy`: one of the SDK's first kind lengthens a header with each request. */
export type TunedSqsClientConfig = Omit<
  SQSClientConfig,
  "cacheMiddleware" | "requestHandler" | "retryStrategy"
> & {
  readonly timeouts?: TunedTimeouts | undefined;
  /** Connections at a time. Default 50, the SDK's own; each receive under way takes one. */
  readonly maxSockets?: number | undefined;
};

const check = optionsOf("tunedSqsClient");
const tuned = new WeakSet<SQSClient>();

/**
 * An `SQSClient` for consumers, by settings that the SDK documents: less CPU per request than with its
 * defaults, and timeouts that end a call instead of only warning about it.
 *
 * - It puts its middleware together once for each kind of call instead of anew for each call, so add
 *   yours before the first one (the SDK's `cacheMiddleware`).
 * - Its requests go through undici, by the SDK team's own handler for it, loaded with the first one. In a
 *   bundle without `@smithy/undici-http-handler`, which no Lambda runtime brings, they go through the SDK's
 *   usual handler.
 * - It leaves the MD5 of bodies to TLS, which guards them on the same way. With `md5: Md5` (the SDK's
 *   option; any hash constructor) they are checked besides.
 *
 * {@link sqsQueue} knows such a client and leaves receives and deletes to its timeouts, so two
 * tries are the default: three would leave a poller with a dead connection for longer than a minute.
 *
 * @throws ConfigurationError when a timeout is shorter than a poll, or no connection is allowed
 */
export function tunedSqsClient(config: TunedSqsClientConfig = {}): SQSClient {
  const { timeouts, maxSockets, maxAttempts = 2, md5 = false, ...rest } = config;
  const connections = check.integer("maxSockets", maxSockets ?? 50, { from: 1, to: 100_000 });
  const client = new SQSClient({
    ...rest,
    md5,
    maxAttempts,
    cacheMiddleware: true,
    requestHandler: lazyHandler({ ...resolveTimeouts(timeouts), connections }),
  });
  tuned.add(client);
  return client;
}

function resolveTimeouts(timeouts: TunedTimeouts = {}) {
  // Shorter would cut off a poll.
  const bounds = { from: MIN_TIMEOUT_MS, to: LONGEST_TIMER_MS };
  return {
    connectionTimeout: check.ms("timeouts.connectionTimeout", timeouts.connectionTimeout ?? 2_000, {
      to: LONGEST_TIMER_MS,
    }),
    requestTimeout: check.ms("timeouts.requestTimeout", timeouts.requestTimeout ?? 25_000, bounds),
    socketTimeout: check.ms("timeouts.socketTimeout", timeouts.socketTimeout ?? 25_000, bounds),
  };
}

/** Whether each try of each call ends by the client's own timeouts. */
export function isTuned(client: SQSClient): boolean {
  return tuned.has(client);
}
