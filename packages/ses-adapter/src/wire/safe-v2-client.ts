import { SESv2Client, type SESv2ClientConfig } from "@aws-sdk/client-sesv2";
import { safeSettings, type SafeClientOptions, type SetBySafeClient } from "./safe-settings.js";

/** The SDK's own options, but for those that decide whether an email can go out twice. */
export type SafeSesV2ClientConfig = Omit<SESv2ClientConfig, SetBySafeClient> & SafeClientOptions;

/**
 * An `SESv2Client` that sends each email at most once: no tries of its own, and timeouts that end a
 * call instead of only warning about it.
 *
 * @example
 * ```ts
 * const client = safeSesV2Client({ region: "eu-west-2" });
 * ```
 * @throws ConfigurationError where a limit is no number above 0
 */
export function safeSesV2Client({
  timeouts,
  maxSockets,
  ...config
}: SafeSesV2ClientConfig = {}): SESv2Client {
  return new SESv2Client({
    ...config,
    ...safeSettings({ timeouts, maxSockets }, "safeSesV2Client"),
  });
}
