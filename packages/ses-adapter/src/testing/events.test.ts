import { SendRawEmailCommand } from "@aws-sdk/client-ses";
import { describe, expect, it, onTestFinished } from "vitest";
import { eventKinds } from "./account.js";
import type { EventFaultPlan } from "./event-faults.js";
import type { SesEvent } from "./events.js";
import { letter, sesFixture } from "./local-ses.fixture.js";
import type { LocalSesOptions } from "./local-ses.js";

const { clientOf, startSes } = sesFixture(onTestFinished);

const topicArn = "arn:aws:sns:eu-west-2:123456789012:mail-events";

const start = async (options: LocalSesOptions = {}) => {
  const received: SesEvent[] = [];
  const ses = await startSes({
    configurationSets: { letters: { topicArn } },
    publish: (topic, message) => {
      expect(topic).toBe(topicArn);
      received.push(JSON.parse(message) as SesEvent);
      return Promise.resolve();
    },
    ...options,
  });
  const client = clientOf(ses);
  const send = async (...to: string[]) => {
    const { MessageId = "" } = await client.send(
      new SendRawEmailCommand({
        RawMessage: letter(to.join(", ")),
        Destinations: to,
        Tags: [{ Name: "attempt", Value: "k-email-n-1-1" }],
        ConfigurationSetName: "letters",
      }),
    );
    return MessageId;
  };
  const types = () => received.map(({ eventType }) => eventType);
  return { ses, client, send, received, types };
};

const withoutDelivery = () => [];

describe("events", () => {
  it("tell of the sending, with tags, headers and ids in the documented shape", async () => {
    const at = Math.floor(Date.now() / 1_000) * 1_000;
    const { ses, send, received } = await start({ now: () => at });
    const messageId = await send("doctor@example.org");
    await ses.events.flush();
    const mail = {
      timestamp: new Date(at).toISOString(),
      source: "Forms <forms@example.com>",
      sourceArn: "arn:aws:ses:eu-west-2:123456789012:identity/forms@example.com",
      sendingAccountId: "123456789012",
      messageId,
      destination: ["doctor@example.org"],
      headersTruncated: false,
      headers: [
        { name: "From", value: "Forms <forms@example.com>" },
        { name: "To", value: "doctor@example.org" },
        { name: "Subject", value: "Form received" },
        { name: "X-Attempt", value: "k-email-n-1-1" },
        { name: "MIME-Version", value: "1.0" },
        { name: "Content-Type", value: "text/plain; charset=utf-8" },
      ],
      commonHeaders: {
        from: ["Forms <forms@example.com>"],
        to: ["doctor@example.org"],
        messageId,
        subject: "Form received",
      },
      tags: {
        "ses:configuration-set": ["letters"],
        "ses:source-ip": ["127.0.0.1"],
        "ses:from-domain": ["example.com"],
        "ses:caller-identity": ["local-ses-user"],
        attempt: ["k-email-n-1-1"],
      },
    };
    expect(received).toEqual([
      { eventType: "Send", mail, send: {} },
      {
        eventType: "Delivery",
        mail: { ...mail, tags: { ...mail.tags, "ses:outgoing-ip": ["192.0.2.25"] } },
        delivery: {
          timestamp: new Date(at).toISOString(),
          processingTimeMillis: 0,
          recipients: ["doctor@example.org"],
          smtpResponse: "250 2.6.0 Message received",
          reportingMTA: "mta.example.com",
        },
      },
    ]);
  });

  it("come once for the message, and then for each recipient", async () => {
    const { ses, send, received, types } = await start();
    await send("a@example.org", "bounce@simulator.amazonses.com");
    await ses.events.flush();
    expect(types()).toEqual(["Send", "Delivery", "Bounce"]);
    expect(received[2]).toMatchObject({
      bounce: {
        bounceType: "Permanent",
        bouncedRecipients: [{ emailAddress: "bounce@simulator.amazonses.com", action: "failed" }],
      },
    });
  });

  it.each([
    ["complaint+x@simulator.amazonses.com", ["Send", "Delivery", "Complaint"]],
    ["suppressionlist@simulator.amazonses.com", ["Send", "Bounce"]],
    ["success@simulator.amazonses.com", ["Send", "Delivery"]],
  ])("follow the mailbox simulator for %s", async (to, expected) => {
    const { ses, send, types } = await start();
    await send(to);
    await ses.events.flush();
    expect(types()).toEqual(expected);
  });

  it("of every kind can be published on request, and name their details", async () => {
    const { ses, send, received } = await start({ outcome: withoutDelivery });
    const messageId = await send("doctor@example.org");
    for (const kind of eventKinds.slice(1)) expect(ses.events.publish(messageId, kind)).toBe(true);
    await ses.events.flush();
    expect(received.map((event) => [event.eventType, Object.keys(event)[2]])).toEqual([
      ["Send", "send"],
      ["Delivery", "delivery"],
      ["Bounce", "bounce"],
      ["Complaint", "complaint"],
      ["Reject", "reject"],
      ["Rendering Failure", "failure"],
      ["DeliveryDelay", "deliveryDelay"],
      ["Open", "open"],
      ["Click", "click"],
      ["Subscription", "subscription"],
    ]);
    expect(new Set(received.map(({ mail }) => mail.messageId))).toEqual(new Set([messageId]));
  });

  it("can be asked for over HTTP", async () => {
    const { ses, send, types } = await start({ outcome: withoutDelivery });
    const path = `${ses.endpoint}/_local/messages/${await send("doctor@example.org")}/events`;
    const post = (kind: string) => fetch(path, { method: "POST", body: JSON.stringify({ kind }) });
    expect((await post("open")).status).toBe(202);
    expect((await post("teleport")).status).toBe(400);
    await ses.events.flush();
    expect(types()).toEqual(["Send", "Open"]);
  });

  it("are published only of the kinds, and for the sets, that ask for them", async () => {
    const { ses, client, send, types } = await start({
      configurationSets: { letters: { topicArn, events: ["bounce"] }, silent: {} },
    });
    const messageId = await send("doctor@example.org");
    const ConfigurationSetName = "silent";
    await client.send(new SendRawEmailCommand({ RawMessage: letter(), ConfigurationSetName }));
    await client.send(new SendRawEmailCommand({ RawMessage: letter() }));
    expect(ses.events.publish(messageId, "open")).toBe(false);
    expect(ses.events.publish("unknown", "bounce")).toBe(false);
    await send("bounce@simulator.amazonses.com");
    await ses.events.flush();
    expect(types()).toEqual(["Bounce"]);
  });

  it("come also when the answer to the sender is lost", async () => {
    const { ses, send, types } = await start({
      faults: [{ fault: "accept-then-drop", when: { on: "every" } }],
    });
    await expect(send("doctor@example.org")).rejects.toThrow();
    await ses.events.flush();
    expect(types()).toEqual(["Send", "Delivery"]);
  });

  it("leave out headers beyond 10 KB, and say so", async () => {
    const { ses, client, received } = await start();
    const message = letter().Data;
    const RawMessage = {
      Data: Buffer.concat([Buffer.from(`X-Big: ${"x".repeat(11_000)}\r\n`), message]),
    };
    await client.send(new SendRawEmailCommand({ RawMessage, ConfigurationSetName: "letters" }));
    await ses.events.flush();
    expect(received[0]?.mail).toMatchObject({ headersTruncated: true });
    expect(JSON.stringify(received[0]).length).toBeLessThan(10_000);
  });

  it("that the topic refuses are remembered as failed, and the next ones go on", async () => {
    let calls = 0;
    const { ses, send } = await start({
      publish: () => ((calls += 1) === 1 ? Promise.reject(new Error("down")) : Promise.resolve()),
    });
    await send("doctor@example.org");
    await ses.events.flush();
    expect(ses.events.published()).toMatchObject([
      { kind: "send", deliveries: 0, error: { message: "down" } },
      { kind: "delivery", deliveries: 1, error: undefined },
    ]);
  });
});

describe("event faults", () => {
  const fates = (...list: ReturnType<Extract<EventFaultPlan, (event: SesEvent) => unknown>>[]) => {
    const left = [...list];
    return () => left.shift();
  };

  it("lose an event", async () => {
    const { ses, send, types } = await start({ eventFaults: fates("lost") });
    await send("doctor@example.org");
    await ses.events.flush();
    expect(types()).toEqual(["Delivery"]);
  });

  it("double an event", async () => {
    const { ses, send, types } = await start({ eventFaults: fates("doubled") });
    await send("doctor@example.org");
    await ses.events.flush();
    expect(types()).toEqual(["Send", "Send", "Delivery"]);
  });

  it("reorder an event behind the next one", async () => {
    const { ses, send, types } = await start({ eventFaults: fates("reordered") });
    await send("a@example.org", "bounce@simulator.amazonses.com");
    await ses.events.flush();
    expect(types()).toEqual(["Delivery", "Send", "Bounce"]);
  });

  it("hold an event back until it is late, or until the flush", async () => {
    const { ses, send, types } = await start({ eventFaults: fates("late") });
    await send("doctor@example.org");
    await expect.poll(types).toEqual(["Delivery"]);
    await ses.events.flush();
    expect(types()).toEqual(["Delivery", "Send"]);
  });

  it("let a late event go when its time has come", async () => {
    const { send, types } = await start({ eventFaults: { seed: 1, late: 1, lateMs: 20 } });
    await send("doctor@example.org");
    await expect.poll(types).toEqual(["Send", "Delivery"]);
  });

  it("repeat with their seed", async () => {
    const eventFaults = { seed: 5, lost: 0.3, doubled: 0.3, reordered: 0.2 };
    const run = async () => {
      const { ses, send, types } = await start({ eventFaults });
      for (let n = 0; n < 10; n += 1) await send(`d${n}@example.org`);
      await ses.events.flush();
      return types();
    };
    const first = await run();
    expect(await run()).toEqual(first);
    expect(first).not.toHaveLength(20);
  });
});
