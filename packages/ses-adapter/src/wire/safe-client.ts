import { SESClient, type SESClientConfig } from "@aws-sdk/client-ses";
import { safeSettings, type SafeClientOptions, type SetBySafeClient } from "./safe-settings.js";

/** The SDK's own options, but for those that decide whether an email can go out twice. */
export type SafeSesClientConfig = Omit<SESClientConfig, SetBySafeClient> & SafeClientOptions;

/**
 * An `SESClient` that sends each email at most once: no tries of its own, and timeouts that end a
 * call instead of only warning about it.
 *
 * @example
 * ```ts
 * const client = safeSesClient({ region: "eu-west-2" });
 * ```
 * @throws ConfigurationError where a limit is no number above 0
 */
export function safeSesClient({
  timeouts,
  maxSockets,
  ...config
}: SafeSesClientConfig = {}): SESClient {
  return new SESClient({ ...config, ...safeSettings({ timeouts, maxSockets }, "safeSesClient") });
}
