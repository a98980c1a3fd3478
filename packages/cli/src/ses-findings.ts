import {
  DescribeConfigurationSetCommand,
  GetIdentityVerificationAttributesCommand,
  GetSendQuotaCommand,
  type SESClient,
} from "@aws-sdk/client-ses";
import type { Finding } from "@exactly-once/sqs-adapter";
import type { Settings } from "./settings.js";

/** Without these events the reconciler can't settle what nobody knows. */
const NEEDED_EVENTS = ["send", "delivery", "bounce", "reject"];

/** Checks the SES account, the sender's identity and the configuration set that publishes events. */
export async function inspectSes(
  client: SESClient,
  { from, configurationSet }: Settings["ses"],
): Promise<readonly Finding[]> {
  return [
    ...(await ask("ses-quota", "ses:GetSendQuota", () => quotaFindings(client))),
    ...(from === undefined
      ? []
      : await ask("ses-identity", "ses:GetIdentityVerificationAttributes", () =>
          identityFindings(client, from),
        )),
    ...(configurationSet === undefined
      ? [noConfigurationSet]
      : await ask("ses-configuration-set", "ses:DescribeConfigurationSet", () =>
          eventFindings(client, configurationSet),
        )),
  ];
}

const noConfigurationSet: Finding = {
  severity: "warning",
  code: "ses-configuration-set-not-given",
  message:
    "no ses.configurationSet is configured, so its events weren't checked; without them only an " +
    "operator can settle an unknown outcome",
};

async function quotaFindings(client: SESClient): Promise<readonly Finding[]> {
  const { Max24HourSend = -1, SentLast24Hours = 0 } = await client.send(
    new GetSendQuotaCommand({}),
  );
  if (Max24HourSend < 0) return [ok("ses-quota", "SES answers; there is no daily limit")];
  const share = Max24HourSend === 0 ? 1 : SentLast24Hours / Max24HourSend;
  const message = `${SentLast24Hours} of ${Max24HourSend} emails were sent in the last 24 hours`;
  if (share >= 1)
    return [error("ses-quota", `${message}: the quota is used up; ask for a higher one`)];
  if (share >= 0.8) return [warning("ses-quota", `${message}; ask for a higher quota in time`)];
  return [ok("ses-quota", message)];
}

async function identityFindings(client: SESClient, from: string): Promise<readonly Finding[]> {
  const address = /<([^<>]+)>\s*$/.exec(from)?.[1] ?? from.trim();
  const domain = address.slice(address.lastIndexOf("@") + 1);
  const command = new GetIdentityVerificationAttributesCommand({ Identities: [address, domain] });
  const { VerificationAttributes = {} } = await client.send(command);
  const verified = Object.values(VerificationAttributes).some(
    ({ VerificationStatus }) => VerificationStatus === "Success",
  );
  return [
    verified
      ? ok("ses-identity", `${domain} may send`)
      : error(
          "ses-identity",
          `neither ${address} nor ${domain} is verified: SES refuses what it sends`,
        ),
  ];
}

async function eventFindings(client: SESClient, name: string): Promise<readonly Finding[]> {
  const command = new DescribeConfigurationSetCommand({
    ConfigurationSetName: name,
    ConfigurationSetAttributeNames: ["eventDestinations"],
  });
  const { EventDestinations = [] } = await client.send(command);
  const active = EventDestinations.filter(({ Enabled }) => Enabled === true);
  if (active.length === 0) {
    const message = `the configuration set ${name} publishes no events: add a destination, or unknown outcomes stay until an operator settles them`;
    return [error("ses-events", message)];
  }
  const published = new Set<string>(
    active.flatMap(({ MatchingEventTypes = [] }) => MatchingEventTypes),
  );
  // The local SES leaves the list empty where all kinds are published.
  const missing = published.size === 0 ? [] : NEEDED_EVENTS.filter((kind) => !published.has(kind));
  return [
    missing.length === 0
      ? ok("ses-events", `the configuration set ${name} publishes events`)
      : warning(
          "ses-events",
          `the configuration set ${name} doesn't publish ${missing.join(", ")}`,
        ),
  ];
}

/** What the role may not ask becomes a warning; what SES denies to exist, an error. */
async function ask(
  code: string,
  permission: string,
  check: () => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  try {
    return await check();
  } catch (fault) {
    const { name, message } = fault instanceof Error ? fault : new Error(String(fault));
    if (/AccessDenied|NotAuthorized/.test(name)) {
      return [warning(`${code}-unreadable`, `could not be checked: grant ${permission}`)];
    }
    if (name.startsWith("ConfigurationSetDoesNotExist")) {
      return [error(code, `${message} Create it, or correct ses.configurationSet`)];
    }
    return [error(`${code}-unavailable`, `SES didn't answer: ${name}: ${message}`)];
  }
}

const ok = (code: string, message: string): Finding => ({ severity: "ok", code, message });
const warning = (code: string, message: string): Finding => ({
  severity: "warning",
  code,
  message,
});
const error = (code: string, message: string): Finding => ({ severity: "error", code, message });
