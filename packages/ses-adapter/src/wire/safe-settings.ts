import { LONGEST_TIMER_MS, optionsOf } from "@exactly-once/core/ports";
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

/** Limits of a safe client. */
export interface SafeClientOptions {
  readonly timeouts?: SafeTimeouts | undefined;
  /** Connections at a time; a call that waits for one uses up its attempt's time. Default 50. */
  readonly maxSockets?: number | undefined;
}

/** What a safe client sets itself. */
export type SetBySafeClient =
  "maxAttempts" | "retryMode" | "retryStrategy" | "requestHandler" | "cacheMiddleware";

/** The limits of a safe client, ms, unless it is told others. */
export const safeTimeouts = {
  connectionTimeout: 2_000,
  requestTimeout: 10_000,
  socketTimeout: 10_000,
} as const;

/**
 * What makes an SES client send each email at most once: no tries of its own, timeouts that end a
 * call instead of only warning about it, and no reuse of a connection that was idle for long.
 *
 * @throws ConfigurationError for a limit that is out of its range
 */
export function safeSettings(
  { timeouts = {}, maxSockets = 50 }: SafeClientOptions,
  caller: string,
) {
  const check = optionsOf(caller);
  const limit = (name: keyof SafeTimeouts) =>
    check.ms(`timeouts.${name}`, timeouts[name] ?? safeTimeouts[name], { to: LONGEST_TIMER_MS });
  const limits = {
    connectionTimeout: limit("connectionTimeout"),
    requestTimeout: limit("requestTimeout"),
    socketTimeout: limit("socketTimeout"),
  };
  check.integer("maxSockets", maxSockets, { from: 1, to: 100_000 });
  // Node's agents close a socket that is idle for `timeout`; while it is in use, only the limits
  // above end it.
  const agent = { keepAlive: true, maxSockets, timeout: idleSocketMs };
  return {
    maxAttempts: 1,
    requestHandler: { ...limits, throwOnRequestTimeout: true, httpAgent: agent, httpsAgent: agent },
  };
}
