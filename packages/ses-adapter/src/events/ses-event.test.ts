import { SendRawEmailCommand } from "@aws-sdk/client-ses";
import { describe, expect, it, onTestFinished } from "vitest";
import { parseSesMessage, sesEventTypes } from "./ses-event.js";
import { eventBody, inEnvelope } from "./ses-event.fixture.js";
import type { EventKind } from "../testing/index.js";
import { letter, sesFixture } from "../testing/local-ses.fixture.js";

const { startSes, clientOf } = sesFixture(onTestFinished);

const kinds: readonly EventKind[] = [
  ...(["send", "delivery", "bounce", "complaint", "reject"] as const),
  ...(["renderingFailure", "deliveryDelay", "open", "click", "subscription"] as const),
];

describe("events as SES publishes them", () => {
  it("are read with every type, raw or in SNS's envelope", async () => {
    const bodies: string[] = [];
    const ses = await startSes({
      configurationSets: { letters: { topicArn: "arn:aws:sns:eu-west-2:123456789012:events" } },
      publish: (_, message) => Promise.resolve(void bodies.push(message)),
      outcome: () => [],
    });
    const { MessageId = "" } = await clientOf(ses).send(
      new SendRawEmailCommand({
        RawMessage: letter(),
        Destinations: ["doctor@example.org"],
        ConfigurationSetName: "letters",
        Tags: [
          { Name: "exactly-once-attempt", Value: "k-email-n-1-1" },
          { Name: "exactly-once-namespace", Value: "tis" },
          { Name: "exactly-once-content", Value: "c0ffee" },
          { Name: "exactly-once-template", Value: "form-updated" },
        ],
      }),
    );
    await ses.events.flush();
    for (const kind of kinds.filter((kind) => kind !== "send")) ses.events.publish(MessageId, kind);
    await ses.events.flush();

    const parsed = bodies.map((body) => parseSesMessage(body));
    expect(parsed).toEqual(bodies.map((body) => parseSesMessage(inEnvelope(body))));
    const events = parsed.flatMap((message) => (message.kind === "event" ? [message.event] : []));
    expect(new Set(events.map(({ type }) => type))).toEqual(new Set(sesEventTypes));
    for (const event of events) {
      expect(event).toMatchObject({
        ...{ messageId: MessageId, attemptId: "k-email-n-1-1", namespace: "tis" },
        ...{ contentDigest: "c0ffee", template: "form-updated", subject: "Form received" },
        recipients: ["doctor@example.org"],
        acceptedAt: ses.sent()[0]?.acceptedAt,
      });
    }
    const bounce = events.find(({ type }) => type === "Bounce");
    expect(bounce?.detail).toMatchObject({ bounceType: "Permanent" });
  });
});

describe("a message of the event queue", () => {
  it("of a type still unknown is kept with its name", () => {
    expect(parseSesMessage(eventBody({ eventType: "Teleported" }))).toMatchObject({
      kind: "event",
      event: { type: "Other", typeText: "Teleported", detail: { detail: true } },
    });
  });

  it.each([
    inEnvelope("Successfully validated SNS topic for Amazon SES event publishing."),
    "Successfully validated SNS topic for Amazon SES event publishing.",
    inEnvelope("You have chosen to subscribe", "SubscriptionConfirmation"),
    inEnvelope(
      JSON.stringify({
        notificationType: "AmazonSnsSubscriptionSucceeded",
        message: "You have successfully subscribed your Amazon SNS topic …",
      }),
    ),
  ])("about the subscription itself is a notice: %s", (body) => {
    expect(parseSesMessage(body)).toEqual({ kind: "notice" });
  });

  it.each(["", "null", "[]", "7", "<xml/>", "{}", inEnvelope("?"), '{"eventType":"Send"}'])(
    "that makes no sense is unreadable: %s",
    (body) => {
      expect(parseSesMessage(body).kind).toBe("unreadable");
    },
  );

  it.each([
    { messageId: "x".repeat(201) },
    { messageId: "with a blank" },
    { messageId: "with\nlines" },
    { eventType: "T".repeat(65) },
  ])("with a name no SES gives is unreadable: %j", (draft) => {
    expect(parseSesMessage(eventBody(draft)).kind).toBe("unreadable");
  });

  it("is cut down to what one email can have", () => {
    const many = (count: number, of: string) => Array.from({ length: count }, () => of);
    const body = JSON.parse(eventBody({ attemptId: "a".repeat(300) })) as {
      mail: Record<string, unknown> & { tags: Record<string, unknown> };
    };
    body.mail["destination"] = many(1_000, "a@example.org");
    body.mail["commonHeaders"] = { subject: "s".repeat(100_000) };
    for (let tag = 0; tag < 1_000; tag += 1) body.mail.tags[`tag${tag}`] = ["v"];
    const parsed = parseSesMessage(JSON.stringify(body));
    if (parsed.kind !== "event") throw new Error("it is an event");
    const { recipients, subject, tags, attemptId } = parsed.event;
    expect([recipients.length, subject?.length]).toEqual([50, 1_000]);
    expect(Object.keys(tags).length).toBeLessThanOrEqual(60);
    expect(attemptId).toBeUndefined();
  });

  it("can't reach a prototype or pass off other values as tags", () => {
    const body = eventBody({}).replace(
      '"tags":{',
      '"tags":{"__proto__":["x"],"a":[7],"b":[],"c":"plain",',
    );
    const parsed = parseSesMessage(body);
    const tags = parsed.kind === "event" ? parsed.event.tags : {};
    expect(Object.getPrototypeOf(tags)).toBe(Object.prototype);
    expect(tags).toMatchObject({ c: "plain" });
    expect(Object.keys(tags)).not.toEqual(expect.arrayContaining(["a"]));
  });
});
