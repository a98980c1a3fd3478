import {
  CreateConfigurationSetCommand,
  CreateConfigurationSetEventDestinationCommand,
  CreateEmailIdentityCommand,
  DeleteEmailIdentityCommand,
  GetAccountCommand,
  GetConfigurationSetCommand,
  GetConfigurationSetEventDestinationsCommand,
  GetEmailIdentityCommand,
  ListConfigurationSetsCommand,
  ListEmailIdentitiesCommand,
  PutAccountSendingAttributesCommand,
  SendEmailCommand,
  SESv2Client,
  type SendEmailCommandInput,
} from "@aws-sdk/client-sesv2";
import { describe, expect, it, onTestFinished } from "vitest";
import type { LocalSesOptions } from "./local-ses.js";
import { letter, sesFixture } from "./local-ses.fixture.js";

const { startSes } = sesFixture(onTestFinished);

/** A server, and a real client without retries of its own. */
const start = async (options: LocalSesOptions = {}) => {
  const ses = await startSes(options);
  const client = new SESv2Client({
    ...{ endpoint: ses.endpoint, region: "eu-west-2", maxAttempts: 1 },
    credentials: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" },
  });
  onTestFinished(() => client.destroy());
  const send = (changes: Partial<SendEmailCommandInput> = {}) =>
    client.send(
      new SendEmailCommand({
        FromEmailAddress: "forms@example.com",
        Destination: { ToAddresses: ["doctor@example.org"] },
        Content: { Raw: letter() },
        ...changes,
      }),
    );
  return { ses, client, send };
};

const nameOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => "sent",
    (error: Error) => error.name,
  );

describe("SendEmail of the second API", () => {
  it("keeps a raw message, its tags and its configuration set", async () => {
    const { ses, send } = await start({ configurationSets: { letters: {} } });
    const { MessageId } = await send({
      Destination: {
        ToAddresses: ["doctor@example.org"],
        CcAddresses: ["nurse@example.org"],
        BccAddresses: ["archive@example.org"],
      },
      EmailTags: [{ Name: "attempt", Value: "k-email-n-1-1" }],
      ConfigurationSetName: "letters",
    });
    expect(ses.sent()[0]).toMatchObject({
      ...{ messageId: MessageId, api: "v2", action: "SendEmail", source: "forms@example.com" },
      destinations: ["doctor@example.org", "nurse@example.org", "archive@example.org"],
      ...{ tags: { attempt: "k-email-n-1-1" }, configurationSet: "letters", region: "eu-west-2" },
    });
    expect(Buffer.from(ses.sent()[0]?.raw ?? [])).toEqual(letter().Data);
  });

  it("composes a simple one", async () => {
    const { ses, send } = await start();
    await send({
      Content: {
        Simple: {
          Subject: { Data: "Ünder" },
          Body: { Text: { Data: "a" }, Html: { Data: "<b>" } },
        },
      },
      ReplyToAddresses: ["help@example.com"],
    });
    expect(ses.sent()[0]?.mime).toMatchObject({
      ...{ subject: "Ünder", replyTo: [{ address: "help@example.com" }] },
    });
  });

  it.each<readonly [string, LocalSesOptions, Partial<SendEmailCommandInput>, string]>([
    ["no content", {}, { Content: {} }, "BadRequestException"],
    [
      "nobody to get it",
      {},
      { Content: { Raw: { Data: Buffer.from("From: a@b.org\n\nx") } }, Destination: {} },
      "BadRequestException",
    ],
    ["a bad address", {}, { Destination: { ToAddresses: ["nobody"] } }, "BadRequestException"],
    ["a bad tag", {}, { EmailTags: [{ Name: "a b", Value: "c" }] }, "BadRequestException"],
    ["an unknown set", {}, { ConfigurationSetName: "other" }, "NotFoundException"],
    ["an unverified sender", { identities: ["example.net"] }, {}, "MessageRejected"],
    ["a stopped account", { sendingEnabled: false }, {}, "SendingPausedException"],
    ["a used-up quota", { limits: { max24HourSend: 0 } }, {}, "TooManyRequestsException"],
    ["a stale signature", { now: () => Date.now() + 400_000 }, {}, "InvalidSignatureException"],
  ])("refuses %s", async (_, options, changes, name) => {
    const { ses, send } = await start(options);
    expect(await nameOf(send(changes))).toBe(name);
    expect(ses.accepted()).toBe(0);
    expect(ses.requests()).toMatchObject([{ api: "v2", carriedOut: false }]);
  });
});

describe("the account by the second API", () => {
  it("tells its limits, and can be stopped and started", async () => {
    const { client, send } = await start({ limits: { max24HourSend: 200, maxSendRate: 14 } });
    await send();
    expect(await client.send(new GetAccountCommand({}))).toMatchObject({
      ...{ SendingEnabled: true, ProductionAccessEnabled: true },
      SendQuota: { Max24HourSend: 200, MaxSendRate: 14, SentLast24Hours: 1 },
    });
    const put = (SendingEnabled: boolean) =>
      client.send(new PutAccountSendingAttributesCommand({ SendingEnabled }));
    await put(false);
    expect(await nameOf(send())).toBe("SendingPausedException");
    expect((await client.send(new GetAccountCommand({}))).SendingEnabled).toBe(false);
    await put(true);
    expect(await nameOf(send())).toBe("sent");
  });

  it("has identities", async () => {
    const { client, send } = await start({ identities: [] });
    const EmailIdentity = "forms@example.com";
    await client.send(new CreateEmailIdentityCommand({ EmailIdentity }));
    expect(await nameOf(send())).toBe("sent");
    expect(await client.send(new GetEmailIdentityCommand({ EmailIdentity }))).toMatchObject({
      ...{ IdentityType: "EMAIL_ADDRESS", VerifiedForSendingStatus: true },
    });
    const { EmailIdentities } = await client.send(new ListEmailIdentitiesCommand({}));
    expect(EmailIdentities).toMatchObject([{ IdentityName: EmailIdentity }]);
    await client.send(new DeleteEmailIdentityCommand({ EmailIdentity }));
    expect(await nameOf(send())).toBe("MessageRejected");
    const unknown = client.send(new GetEmailIdentityCommand({ EmailIdentity }));
    expect(await nameOf(unknown)).toBe("NotFoundException");
    const bad = client.send(new CreateEmailIdentityCommand({ EmailIdentity: "no domain" }));
    expect(await nameOf(bad)).toBe("BadRequestException");
  });

  it("has configuration sets that publish events", async () => {
    const published: string[] = [];
    const { ses, client, send } = await start({
      publish: (topicArn) => Promise.resolve(void published.push(topicArn)),
    });
    const ConfigurationSetName = "letters";
    const create = () => client.send(new CreateConfigurationSetCommand({ ConfigurationSetName }));
    await create();
    expect(await nameOf(create())).toBe("AlreadyExistsException");
    await client.send(new GetConfigurationSetCommand({ ConfigurationSetName }));
    const TopicArn = "arn:aws:sns:eu-west-2:123456789012:events";
    await client.send(
      new CreateConfigurationSetEventDestinationCommand({
        ...{ ConfigurationSetName, EventDestinationName: "sns" },
        EventDestination: {
          MatchingEventTypes: ["SEND", "RENDERING_FAILURE"],
          SnsDestination: { TopicArn },
        },
      }),
    );
    const { EventDestinations } = await client.send(
      new GetConfigurationSetEventDestinationsCommand({ ConfigurationSetName }),
    );
    expect(EventDestinations).toMatchObject([
      {
        Enabled: true,
        MatchingEventTypes: ["SEND", "RENDERING_FAILURE"],
        SnsDestination: { TopicArn },
      },
    ]);
    const { ConfigurationSets } = await client.send(new ListConfigurationSetsCommand({}));
    expect(ConfigurationSets).toEqual([ConfigurationSetName]);
    await send({ ConfigurationSetName });
    await ses.events.flush();
    expect(published).toEqual([TopicArn]);
    const missing = client.send(new GetConfigurationSetCommand({ ConfigurationSetName: "other" }));
    expect(await nameOf(missing)).toBe("NotFoundException");
  });

  it("knows no other paths, and takes no other bodies", async () => {
    const { ses, client } = await start();
    let signed = { authorization: "", "x-amz-date": "" };
    const post = async (path: string, body: string) => {
      const { authorization, "x-amz-date": date } = signed;
      const response = await fetch(`${ses.endpoint}${path}`, {
        ...{ method: "POST", body },
        headers: { authorization, "x-amz-date": date },
      });
      return [response.status, response.headers.get("x-amzn-errortype")];
    };
    client.middlewareStack.add(
      (next) => (args) => {
        signed = (args.request as { headers: typeof signed }).headers;
        return next(args);
      },
      { step: "deserialize", name: "lookOn" },
    );
    await client.send(new GetAccountCommand({}));
    expect(await post("/v2/email/templates", "{}")).toEqual([404, "UnknownOperationException"]);
    expect(await post("/v2/email/outbound-emails", "{ no json")).toEqual([
      ...[400, "SerializationException"],
    ]);
  });
});
