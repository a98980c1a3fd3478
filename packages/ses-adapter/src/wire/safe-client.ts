import { SESClient, type SESClientConfig } from "@aws-sdk/client-ses";

/** Limits of one call, ms. The sum of connecting and the request stays well inside a lease. */
export interface SafeTimeouts {
  /** Default 2,000. */
  readonly connectionTimeout?: number;
  /** From the start of the call to the reply's headers. Default 10,000. */
  readonly requestTimeout?: number;
  /** Without a byte either way. Default 10,000. */
  readonly socketTimeout?: number;
}

export type SafeSesClientConfig = Omit<
  SESClientConfig,
  "maxAttempts" | "retryMode" | "retryStrategy" | "requestHandler" | "cacheMiddleware"
> & { readonly timeouts?: SafeTimeouts; readonly maxSockets?: number };

export const safeTimeouts = {
  connectionTimeout: 2_000,
  requestTimeout: 10_000,
  socketTimeout: 10_000,
} as const;

/**
 * An `SESClient` that sends each email at most once: no tries of its own, and timeouts that end a
 * call instead of only warning about it.
 */
export function safeSesClient({
  timeouts,
  maxSockets = 50,
  ...config
}: SafeSesClientConfig = {}): SESClient {
  return new SESClient({
    ...config,
    maxAttempts: 1,
    requestHandler: {
      ...safeTimeouts,
      ...timeouts,
      throwOnRequestTimeout: true,
      // A call that waits for a socket would use up its attempt's time.
      httpAgent: { keepAlive: true, maxSockets },
      httpsAgent: { keepAlive: true, maxSockets },
    },
  });
}
