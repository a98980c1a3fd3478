import {
  DescribeConfigurationSetCommand,
  GetIdentityVerificationAttributesCommand,
  GetSendQuotaCommand,
  type SESClient,
} from "@aws-sdk/client-ses";
import type { EventDestination, Finding } from "@exactly-once/sqs-adapter";
import { asked, error, ok, warning } from "./diagnosis.js";

export async function quotaFindings(client: SESClient): Promise<readonly Finding[]> {
  const about = { code: "ses-quota", action: "ses:GetSendQuota", service: "SES" };
  return asked(about, async () => {
    const { Max24HourSend = -1, SentLast24Hours = 0 } = await client.send(
      new GetSendQuotaCommand({}),
    );
    if (Max24HourSend < 0) return [ok("ses-quota", "SES answers; there is no daily limit")];
    const share = Max24HourSend === 0 ? 1 : SentLast24Hours / Max24HourSend;
    const message = `${SentLast24Hours} of ${Max24HourSend} emails were sent in the last 24 hours`;
    if (share < 0.8) return [ok("ses-quota", message)];
    const mend = {
      text: "ask for a higher quota",
      cli: "aws service-quotas request-service-quota-increase --service-code ses --quota-code L-804C8AE8 --desired-value N",
    };
    const wrong = {
      message,
      leadsTo:
        share >= 1 ? "SES refuses emails until the window moves on" : "SES will refuse emails soon",
      mend,
    };
    return [share >= 1 ? error("ses-quota", wrong) : warning("ses-quota", wrong)];
  });
}

export async function identityFindings(
  client: SESClient,
  from: string,
): Promise<readonly Finding[]> {
  const action = "ses:GetIdentityVerificationAttributes";
  return asked({ code: "ses-identity", action, service: "SES" }, async () => {
    const address = /<([^<>]+)>\s*$/.exec(from)?.[1] ?? from.trim();
    const domain = address.slice(address.lastIndexOf("@") + 1);
    const command = new GetIdentityVerificationAttributesCommand({ Identities: [address, domain] });
    const { VerificationAttributes = {} } = await client.send(command);
    const verified = Object.values(VerificationAttributes).some(
      ({ VerificationStatus }) => VerificationStatus === "Success",
    );
    if (verified) return [ok("ses-identity", `${domain} may send`)];
    return [
      error("ses-identity", {
        message: `neither ${address} nor ${domain} is verified`,
        leadsTo: "SES refuses what is sent from there",
        mend: {
          text: "verify the domain: create its identity and publish the records that SES names",
          cli: `aws sesv2 create-email-identity --email-identity ${domain}`,
          cloudFormation: `Type: AWS::SES::EmailIdentity\nProperties:\n  EmailIdentity: ${domain}`,
        },
      }),
    ];
  });
}

/** Where a configuration set publishes; a set that isn't there is a finding. */
export async function readDestinations(
  client: SESClient,
  name: string,
): Promise<readonly EventDestination[] | Finding> {
  const command = new DescribeConfigurationSetCommand({
    ConfigurationSetName: name,
    ConfigurationSetAttributeNames: ["eventDestinations"],
  });
  try {
    const { EventDestinations = [] } = await client.send(command);
    return EventDestinations.map((destination) => ({
      name: destination.Name ?? "",
      enabled: destination.Enabled === true,
      events: destination.MatchingEventTypes ?? [],
      topicArn: destination.SNSDestination?.TopicARN,
    }));
  } catch (fault) {
    if (!(fault instanceof Error) || !fault.name.startsWith("ConfigurationSetDoesNotExist"))
      throw fault;
    return error("ses-configuration-set", {
      message: `the configuration set ${name} doesn't exist`,
      leadsTo: "SES refuses every email that names it",
      mend: {
        text: "create it, or correct ses.configurationSet",
        cli: `aws ses create-configuration-set --configuration-set Name=${name}`,
        cloudFormation: `Type: AWS::SES::ConfigurationSet\nProperties:\n  Name: ${name}`,
      },
    });
  }
}
