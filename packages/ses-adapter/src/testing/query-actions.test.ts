import {
  CreateConfigurationSetCommand,
  CreateConfigurationSetEventDestinationCommand,
  CreateTemplateCommand,
  DeleteIdentityCommand,
  DescribeConfigurationSetCommand,
  GetAccountSendingEnabledCommand,
  GetIdentityDkimAttributesCommand,
  GetIdentityNotificationAttributesCommand,
  GetIdentityVerificationAttributesCommand,
  GetSendQuotaCommand,
  GetSendStatisticsCommand,
  ListConfigurationSetsCommand,
  ListIdentitiesCommand,
  ListVerifiedEmailAddressesCommand,
  SendRawEmailCommand,
  VerifyDomainDkimCommand,
  VerifyDomainIdentityCommand,
  VerifyEmailAddressCommand,
  VerifyEmailIdentityCommand,
} from "@aws-sdk/client-ses";
import { describe, expect, it, onTestFinished } from "vitest";
import { letter, sesFixture } from "./local-ses.fixture.js";

const { clientOf, startSes } = sesFixture(onTestFinished);

describe("identities", () => {
  it("lists what was verified, by kind", async () => {
    const ses = await startSes({ identities: [] });
    const client = clientOf(ses);
    await client.send(new VerifyEmailIdentityCommand({ EmailAddress: "a@example.com" }));
    await client.send(new VerifyEmailAddressCommand({ EmailAddress: "b@example.com" }));
    const domain = await client.send(new VerifyDomainIdentityCommand({ Domain: "Example.org" }));
    const dkim = await client.send(new VerifyDomainDkimCommand({ Domain: "example.org" }));
    expect(domain.VerificationToken).toMatch(/\S{20,}/);
    expect(dkim.DkimTokens).toHaveLength(3);

    const all = await client.send(new ListIdentitiesCommand({}));
    expect(all.Identities).toEqual(["a@example.com", "b@example.com", "example.org"]);
    const domains = await client.send(new ListIdentitiesCommand({ IdentityType: "Domain" }));
    expect(domains.Identities).toEqual(["example.org"]);
    const addresses = await client.send(new ListVerifiedEmailAddressesCommand({}));
    expect(addresses.VerifiedEmailAddresses).toEqual(["a@example.com", "b@example.com"]);

    await client.send(new DeleteIdentityCommand({ Identity: "a@example.com" }));
    const left = await client.send(new ListIdentitiesCommand({ IdentityType: "EmailAddress" }));
    expect(left.Identities).toEqual(["b@example.com"]);
  });

  it("tells the verification of those it knows, and is silent about others", async () => {
    const client = clientOf(await startSes({ identities: ["example.com"] }));
    const { VerificationAttributes } = await client.send(
      new GetIdentityVerificationAttributesCommand({ Identities: ["example.com", "else.com"] }),
    );
    expect(Object.keys(VerificationAttributes ?? {})).toEqual(["example.com"]);
    expect(VerificationAttributes?.["example.com"]?.VerificationStatus).toBe("Success");
  });

  it("answers the other attribute calls", async () => {
    const client = clientOf(await startSes());
    const input = { Identities: ["example.com"] };
    const dkim = await client.send(new GetIdentityDkimAttributesCommand(input));
    expect(dkim.DkimAttributes?.["example.com"]).toMatchObject({ DkimEnabled: false });
    const notices = await client.send(new GetIdentityNotificationAttributesCommand(input));
    expect(notices.NotificationAttributes?.["example.com"]).toMatchObject({
      ForwardingEnabled: true,
    });
  });

  it("refuses to verify what is no address", async () => {
    const client = clientOf(await startSes());
    await expect(
      client.send(new VerifyEmailIdentityCommand({ EmailAddress: "nobody" })),
    ).rejects.toMatchObject({ name: "InvalidParameterValue" });
  });

  it("rejects mail from an identity that isn't verified, and takes it once it is", async () => {
    const ses = await startSes({ identities: ["else.com"] });
    const client = clientOf(ses);
    const send = () => client.send(new SendRawEmailCommand({ RawMessage: letter() }));
    await expect(send()).rejects.toMatchObject({
      name: "MessageRejected",
      message:
        "Email address is not verified. The following identities failed the check in region " +
        "EU-WEST-2: Forms <forms@example.com>",
    });
    await client.send(new VerifyDomainIdentityCommand({ Domain: "example.com" }));
    await send();
    expect(ses.accepted()).toBe(1);
  });

  it("requires verified recipients in the sandbox, but for the mailbox simulator", async () => {
    const ses = await startSes({ identities: ["example.com"], sandbox: true });
    const client = clientOf(ses);
    const send = (to: string) =>
      client.send(new SendRawEmailCommand({ RawMessage: letter(), Destinations: [to] }));
    await expect(send("doctor@example.org")).rejects.toMatchObject({ name: "MessageRejected" });
    await send("colleague@mail.example.com");
    await send("success@simulator.amazonses.com");
    expect(ses.accepted()).toBe(2);
  });
});

describe("the account", () => {
  it("may send", async () => {
    const client = clientOf(await startSes());
    const { Enabled } = await client.send(new GetAccountSendingEnabledCommand({}));
    expect(Enabled).toBe(true);
  });

  it("tells its quota, and what was used of it by recipients", async () => {
    const ses = await startSes({ limits: { max24HourSend: 200, maxSendRate: 14 } });
    const client = clientOf(ses);
    const Destinations = ["a@example.org", "b@example.org"];
    await client.send(new SendRawEmailCommand({ RawMessage: letter(), Destinations }));
    expect(await client.send(new GetSendQuotaCommand({}))).toMatchObject({
      Max24HourSend: 200,
      MaxSendRate: 14,
      SentLast24Hours: 2,
    });
  });

  it("counts attempts, bounces and complaints by quarter of an hour", async () => {
    const ses = await startSes({ now: () => Date.UTC(2026, 0, 1, 12, 20) });
    const client = clientOf(ses, { systemClockOffset: Date.UTC(2026, 0, 1, 12, 20) - Date.now() });
    for (const name of ["success", "bounce", "complaint"]) {
      const Destinations = [`${name}@simulator.amazonses.com`];
      await client.send(new SendRawEmailCommand({ RawMessage: letter(), Destinations }));
    }
    const { SendDataPoints } = await client.send(new GetSendStatisticsCommand({}));
    expect(SendDataPoints).toEqual([
      {
        Timestamp: new Date("2026-01-01T12:15:00Z"),
        DeliveryAttempts: 3,
        Bounces: 1,
        Complaints: 1,
        Rejects: 0,
      },
    ]);
  });
});

describe("configuration sets", () => {
  it("are created, listed and described", async () => {
    const client = clientOf(await startSes());
    const ConfigurationSetName = "letters";
    const create = new CreateConfigurationSetCommand({ ConfigurationSet: { Name: "letters" } });
    await client.send(create);
    await client.send(
      new CreateConfigurationSetEventDestinationCommand({
        ConfigurationSetName,
        EventDestination: {
          Name: "topic",
          Enabled: true,
          MatchingEventTypes: ["send", "bounce"],
          SNSDestination: { TopicARN: "arn:aws:sns:eu-west-2:123456789012:mail" },
        },
      }),
    );
    const listed = await client.send(new ListConfigurationSetsCommand({}));
    expect(listed.ConfigurationSets).toEqual([{ Name: "letters" }]);
    const described = await client.send(
      new DescribeConfigurationSetCommand({
        ConfigurationSetName,
        ConfigurationSetAttributeNames: ["eventDestinations"],
      }),
    );
    expect(described.ConfigurationSet?.Name).toBe("letters");
    expect(described.EventDestinations?.[0]).toMatchObject({
      MatchingEventTypes: ["send", "bounce"],
      SNSDestination: { TopicARN: "arn:aws:sns:eu-west-2:123456789012:mail" },
    });
    await expect(client.send(create)).rejects.toMatchObject({
      name: "ConfigurationSetAlreadyExistsException",
    });
  });

  it("must exist to be used or described", async () => {
    const ses = await startSes();
    const client = clientOf(ses);
    const ConfigurationSetName = "absent";
    const expected = { name: "ConfigurationSetDoesNotExistException", ConfigurationSetName };
    await expect(
      client.send(new SendRawEmailCommand({ RawMessage: letter(), ConfigurationSetName })),
    ).rejects.toMatchObject(expected);
    await expect(
      client.send(new DescribeConfigurationSetCommand({ ConfigurationSetName })),
    ).rejects.toMatchObject(expected);
    expect(ses.accepted()).toBe(0);
  });
});

describe("an action the local SES doesn't know", () => {
  it("is refused at once", async () => {
    const client = clientOf(await startSes());
    await expect(
      client.send(new CreateTemplateCommand({ Template: { TemplateName: "x" } })),
    ).rejects.toMatchObject({
      name: "InvalidAction",
      message: "Could not find operation CreateTemplate for version 2010-12-01",
      $metadata: { httpStatusCode: 400, requestId: expect.stringMatching(/-/) as string },
    });
  });
});
