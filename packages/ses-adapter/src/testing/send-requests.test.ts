import { SendEmailCommand, SendRawEmailCommand } from "@aws-sdk/client-ses";
import { describe, expect, it, onTestFinished } from "vitest";
import { letter, rawMessage, sesFixture } from "./local-ses.fixture.js";
import { headerValues } from "./sent-email.js";

const { clientOf, startSes } = sesFixture(onTestFinished);

const configurationSets = { letters: {} };

describe("SendRawEmail", () => {
  it("keeps the message, its tags, its headers and its configuration set", async () => {
    const ses = await startSes({ configurationSets, now: () => Date.now() });
    const { MessageId } = await clientOf(ses).send(
      new SendRawEmailCommand({
        RawMessage: letter(),
        Source: "Forms <forms@example.com>",
        Destinations: ["doctor@example.org"],
        Tags: [
          { Name: "attempt", Value: "k-email-n-1-1" },
          { Name: "namespace", Value: "tis" },
        ],
        ConfigurationSetName: "letters",
      }),
    );
    const [email] = ses.sent();
    expect(email).toMatchObject({
      sequence: 1,
      messageId: MessageId,
      action: "SendRawEmail",
      source: "Forms <forms@example.com>",
      destinations: ["doctor@example.org"],
      tags: { attempt: "k-email-n-1-1", namespace: "tis" },
      configurationSet: "letters",
      region: "eu-west-2",
    });
    expect(headerValues(email?.headers ?? [], "x-attempt")).toEqual(["k-email-n-1-1"]);
    expect(Buffer.from(email?.raw ?? [])).toEqual(letter().Data);
    expect(email?.mime.subject).toBe("Form received");
    expect(email?.mime.text?.trim()).toBe("Dear doctor,");
    expect(MessageId).toMatch(
      /^0100[0-9a-f]{12}-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}-000000$/,
    );
  });

  it("takes sender and recipients from the headers when the call names none", async () => {
    const ses = await startSes();
    const message = rawMessage([
      "From: forms@example.com",
      "To: Team: a@example.org, B <b@example.org>;",
      "Cc: c@example.org",
      "Bcc: d@example.org",
      "",
      "Hello",
    ]);
    await clientOf(ses).send(new SendRawEmailCommand({ RawMessage: message }));
    expect(ses.sent()[0]).toMatchObject({
      source: "forms@example.com",
      destinations: ["a@example.org", "b@example.org", "c@example.org", "d@example.org"],
    });
  });

  it("reads tags and configuration set from X-SES headers, and prefers those of the call", async () => {
    const ses = await startSes({ configurationSets: { fromHeader: {}, fromCall: {} } });
    const client = clientOf(ses);
    const RawMessage = rawMessage([
      "From: forms@example.com",
      "To: doctor@example.org",
      "X-SES-MESSAGE-TAGS: a=1, b=2",
      "X-SES-CONFIGURATION-SET: fromHeader",
      "",
      "Hello",
    ]);
    await client.send(new SendRawEmailCommand({ RawMessage }));
    await client.send(
      new SendRawEmailCommand({
        RawMessage,
        Tags: [{ Name: "c", Value: "3" }],
        ConfigurationSetName: "fromCall",
      }),
    );
    expect(ses.sent().map(({ tags, configurationSet }) => [tags, configurationSet])).toEqual([
      [{ a: "1", b: "2" }, "fromHeader"],
      [{ c: "3" }, "fromCall"],
    ]);
  });

  const raw = (...headers: string[]) => rawMessage([...headers, "", "Hello"]);
  const from = "From: forms@example.com";
  const to = "To: doctor@example.org";
  it.each([
    ["no From header", raw(to), "Missing required header 'From'."],
    [
      "a header that may stand only once",
      raw(from, to, "Subject: a", "subject: b"),
      "Duplicate header 'subject'.",
    ],
    ["a line without a header name", raw(from, to, ": x"), "Empty header names are illegal."],
    ["no recipient", raw(from), "There are no recipients specified."],
    ["an address without a domain", raw(from, "To: doctor"), "Missing final '@domain'"],
    [
      "a space in the address",
      raw(from, "To: <doc tor@example.org>"),
      "Local address contains control or whitespace",
    ],
    [
      "a header section without an end",
      raw(from, `X-Long: ${"x".repeat(300_000)}`),
      "Header section too long.",
    ],
  ])("refuses %s", async (_, RawMessage, message) => {
    const ses = await startSes();
    await expect(clientOf(ses).send(new SendRawEmailCommand({ RawMessage }))).rejects.toMatchObject(
      {
        name: "InvalidParameterValue",
        message,
        $metadata: { httpStatusCode: 400 },
      },
    );
    expect(ses.accepted()).toBe(0);
  });

  it("takes 10 MB and refuses one byte more", async () => {
    const ses = await startSes();
    const client = clientOf(ses);
    const head = "From: forms@example.com\r\nTo: doctor@example.org\r\n\r\n";
    const sized = (bytes: number) => ({ Data: Buffer.from(head.padEnd(bytes, "x")) });
    await client.send(new SendRawEmailCommand({ RawMessage: sized(10_485_760) }));
    await expect(
      client.send(new SendRawEmailCommand({ RawMessage: sized(10_485_761) })),
    ).rejects.toMatchObject({
      name: "InvalidParameterValue",
      message: "Message length is more than 10485760 bytes long: '10485761'.",
    });
    expect(ses.accepted()).toBe(1);
  });

  it.each([
    ["a space in a value", "attempt", "a b"],
    ["a reserved name", "ses:from-domain", "x"],
    ["an empty value", "attempt", ""],
    ["a value of 257 characters", "attempt", "x".repeat(257)],
    ["an accent in a name", "é", "x"],
  ])("refuses a tag with %s", async (_, Name, Value) => {
    const ses = await startSes();
    const send = new SendRawEmailCommand({ RawMessage: letter(), Tags: [{ Name, Value }] });
    await expect(clientOf(ses).send(send)).rejects.toMatchObject({ name: "InvalidParameterValue" });
    expect(ses.accepted()).toBe(0);
  });

  it("takes tags of 256 characters, digits, dashes and underscores", async () => {
    const ses = await startSes();
    const Tags = [{ Name: "a-B_9", Value: "x".repeat(256) }];
    await clientOf(ses).send(new SendRawEmailCommand({ RawMessage: letter(), Tags }));
    expect(ses.sent()[0]?.tags).toEqual({ "a-B_9": "x".repeat(256) });
  });

  it("takes 50 recipients and refuses 51", async () => {
    const ses = await startSes();
    const client = clientOf(ses);
    const to = (count: number) => Array.from({ length: count }, (_, n) => `d${n}@example.org`);
    await client.send(new SendRawEmailCommand({ RawMessage: letter(), Destinations: to(50) }));
    await expect(
      client.send(new SendRawEmailCommand({ RawMessage: letter(), Destinations: to(51) })),
    ).rejects.toMatchObject({
      name: "InvalidParameterValue",
      message: "Recipient count exceeds 50.",
    });
    expect(ses.accepted()).toBe(1);
  });
});

describe("SendEmail", () => {
  const email = (to: string, subject = "Ünïcode ✉") =>
    new SendEmailCommand({
      Source: "forms@example.com",
      Destination: {
        ToAddresses: [to],
        CcAddresses: ["cc@example.org"],
        BccAddresses: ["bcc@example.org"],
      },
      ReplyToAddresses: ["reply@example.com"],
      Message: {
        Subject: { Data: subject },
        Body: { Text: { Data: "Plain ✓" }, Html: { Data: "<p>Rich ✓</p>" } },
      },
      Tags: [{ Name: "attempt", Value: "1" }],
    });

  it("composes the message that SES would, and never shows Bcc in it", async () => {
    const ses = await startSes();
    await clientOf(ses).send(email("doctor@example.org"));
    const [sent] = ses.sent();
    expect(sent).toMatchObject({
      action: "SendEmail",
      destinations: ["doctor@example.org", "cc@example.org", "bcc@example.org"],
      tags: { attempt: "1" },
      mime: { subject: "Ünïcode ✉", replyTo: [{ address: "reply@example.com" }] },
    });
    expect(sent?.mime.text?.trim()).toBe("Plain ✓");
    expect(sent?.mime.html?.trim()).toBe("<p>Rich ✓</p>");
    expect(headerValues(sent?.headers ?? [], "Bcc")).toEqual([]);
  });

  it.each([
    ["doctor", "Missing final '@domain'"],
    ["@example.org", "Missing local name"],
    ["doctor@", "Missing domain"],
    ["doctor@example.org.", "Domain ends with dot"],
    ["doctor@example..org", "Domain contains dot-dot"],
    ["doctor@exa%mple.org", "Domain contains illegal character"],
    ["doctor@localhost", "Missing top-level domain"],
    ["do:ctor@example.org", "Local address contains illegal character"],
    ["döctor@example.org", "Local address contains non-ASCII characters"],
    [
      "Evil\r\nBcc: all@example.org <doctor@example.org>",
      "Local address contains control or whitespace",
    ],
    ["Doctor, Evil <doctor@example.org>", "Illegal address"],
  ])("refuses %j", async (to, message) => {
    const ses = await startSes();
    await expect(clientOf(ses).send(email(to))).rejects.toMatchObject({
      name: "InvalidParameterValue",
      message,
    });
    expect(ses.accepted()).toBe(0);
  });

  it("refuses a line break in the subject", async () => {
    const ses = await startSes();
    const send = clientOf(ses).send(email("doctor@example.org", "Hello\r\nBcc: all@example.org"));
    await expect(send).rejects.toMatchObject({ name: "InvalidParameterValue" });
  });

  it("names the missing member", async () => {
    const ses = await startSes();
    const command = new SendEmailCommand({
      Source: "forms@example.com",
      Destination: { ToAddresses: ["doctor@example.org"] },
      Message: { Subject: undefined, Body: { Text: { Data: "x" } } },
    });
    await expect(clientOf(ses).send(command)).rejects.toMatchObject({
      name: "ValidationError",
      message: expect.stringContaining("'message.subject'") as string,
    });
  });
});
