import { ConfigurationError } from "@exactly-once/core";
import { idleSocketMs } from "./idle-sockets.js";

/** Limits of one call, ms. The sum of connecting and the request stays well inside a lease. */
export interface SafeTimeouts {
  /** Default 2,000. */
  readonly connectionTimeout?: number | undefined;
  /** From the start of the call to the reply's headers. Default 10,000. */
  readonly requestTimeout?: number | undefined;
  /** Without a byte either way. Default 10,000. */
  readonly socketTimeout?: number | undefined;
}

export interface SafeClientOptions {
  readonly timeouts?: SafeTimeouts | undefined;
  /** Connections at a time; a call that waits for one uses up its attempt's time. Default 50. */
  readonly maxSockets?: number | undefined;
}

/** What a safe client sets itself. */
export type SetBySafeClient =
  "maxAttempts" | "retryMode" | "retryStrategy" | "requestHandler" | "cacheMiddleware";

export const safeTimeouts = {
  connectionTimeout: 2_000,
  requestTimeout: 10_000,
  socketTimeout: 10_000,
} as const;

/**
 * What makes an SES client send each email at most once: no tries of its own, timeouts that end a
 * call instead of only warning about it, and no reuse of a connection that was idle for long.
 *
 * @throws ConfigurationError where a limit is no number above 0
 */
export function safeSettings(
  { timeouts = {}, maxSockets = 50 }: SafeClientOptions,
  caller: string,
) {
  const limits = {
    connectionTimeout: timeouts.connectionTimeout ?? safeTimeouts.connectionTimeout,
    requestTimeout: timeouts.requestTimeout ?? safeTimeouts.requestTimeout,
    socketTimeout: timeouts.socketTimeout ?? safeTimeouts.socketTimeout,
  };
  for (const [name, value] of Object.entries({ ...limits, maxSockets })) {
    if (value > 0 && Number.isFinite(value)) continue;
    throw new ConfigurationError(`${caller}: ${name} must be above 0, and finite.`);
  }
  // Node's agents close a socket that is idle for `timeout`; while it is in use, only the limits
  // above end it.
  const agent = { keepAlive: true, maxSockets, timeout: idleSocketMs };
  return {
    maxAttempts: 1,
    requestHandler: { ...limits, throwOnRequestTimeout: true, httpAgent: agent, httpsAgent: agent },
  };
}
