import { SendRawEmailCommand, SESClient } from "@aws-sdk/client-ses";
import { createLocalSes } from "@exactly-once/ses-adapter/testing";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createWorkplace, type Workplace } from "../cli.fixture.js";

const START = Date.parse("2026-01-31T09:00:00Z");
const MINUTE = 60_000;

interface EventOptions {
  readonly id: string;
  readonly to?: string;
  readonly subject?: string;
  /** Minutes after the start. */
  readonly at?: number;
  readonly type?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An event as "Examples of event data that Amazon SES publishes to Amazon SNS" shows them. */
function sesEvent(options: EventOptions) {
  const {
    id,
    to = "ann@example.org",
    subject = "Form R received",
    at = 0,
    type = "Send",
  } = options;
  const addressed = [{ emailAddress: to }];
  const details: Readonly<Record<string, object>> = {
    Send: { send: {} },
    Delivery: { delivery: { recipients: [to] } },
    Bounce: { bounce: { bounceType: "Permanent", bouncedRecipients: addressed } },
    Reject: { reject: { reason: "Bad content" } },
  };
  return {
    eventType: type,
    mail: {
      timestamp: new Date(START + at * MINUTE).toISOString(),
      messageId: id,
      source: "no-reply@example.com",
      destination: [to],
      headers: Object.entries(options.headers ?? {}).map(([name, value]) => ({ name, value })),
      commonHeaders: { subject },
      tags: Object.fromEntries(
        Object.entries(options.tags ?? {}).map(([name, value]) => [name, [value]]),
      ),
    },
    ...details[type],
  };
}

const ours = (key: string, attempt: string, content: string) => ({
  "exactly-once-attempt": `${key.padStart(32, "0")}-email-${attempt}`,
  "exactly-once-content": content,
});

const lines = (values: readonly unknown[]) => values.map((one) => JSON.stringify(one)).join("\n");

describe("audit", () => {
  let place: Workplace;
  beforeAll(async () => {
    place = await createWorkplace();
  });
  afterAll(() => place.close());

  async function auditOf(values: readonly unknown[], ...args: string[]) {
    await place.write("events.jsonl", lines(values));
    return place.run(["audit", "events.jsonl", ...args]);
  }

  it("counts our own emails exactly, by attempt and content, whatever the window", async () => {
    const run = await auditOf([
      // One notification sent by two attempts, hours apart.
      sesEvent({ id: "1", tags: ours("1", "a-1-1", "c1") }),
      sesEvent({ id: "2", at: 300, tags: ours("1", "b-2-1", "c1") }),
      // Part A and Part B: one subject, different keys and content.
      sesEvent({ id: "3", to: "bob@example.org", tags: ours("2", "a-1-1", "c2") }),
      sesEvent({ id: "4", to: "bob@example.org", at: 1, tags: ours("3", "a-1-1", "c3") }),
      // A wrong key: the same content under three.
      sesEvent({ id: "5", to: "eve@example.org", tags: ours("4", "a-1-1", "c4") }),
      sesEvent({ id: "6", to: "eve@example.org", at: 2, tags: ours("5", "a-1-1", "c4") }),
      sesEvent({ id: "7", to: "eve@example.org", at: 4, tags: ours("6", "a-1-1", "c4") }),
    ]);
    const figures = { recipients2: 2, recipients3: 1, most: 3 };
    expect(run).toMatchObject({
      code: 0,
      json: {
        ...{ emails: 7, recipients: 3, exact: true, toldApart: 1 },
        same: { definitely: figures, atMost: figures },
        bursts: [
          { sameBy: "content", definitely: 3, atMost: 3 },
          { sameBy: "notification", definitely: 2, atMost: 2 },
        ],
        longestBurstSeconds: 5 * 3_600,
      },
    });
  });

  it("gives bounds for emails of which only the subject is known, as the incident's team did", async () => {
    const events = [
      ...[0, 1].map((at) => sesEvent({ id: `two-${at}`, to: "two@example.org", at })),
      ...[0, 1, 2].map((at) => sesEvent({ id: `three-${at}`, to: "three@example.org", at })),
      ...Array.from({ length: 10 }, (_, at) =>
        sesEvent({ id: `ten-${at}`, to: "ten@example.org", at: at * 1.5 }),
      ),
      // Weeks apart it isn't a copy.
      ...[0, 30_000].map((at) => sesEvent({ id: `far-${at}`, to: "far@example.org", at })),
    ];
    const run = await auditOf(events);
    expect(run).toMatchObject({
      json: {
        exact: false,
        same: {
          definitely: { recipients2: 2, recipients3: 1, most: 5 },
          atMost: { recipients2: 3, recipients3: 2, most: 10 },
        },
        receivedInWindow: { recipients2: 3, recipients3: 2, most: 10 },
        received: { recipients2: 4, recipients3: 2, most: 10 },
        longestBurstSeconds: 810,
      },
    });
    // Without any rightful pair both bounds are one.
    expect(await auditOf(events, "--legitimate", "1")).toMatchObject({
      json: { same: { definitely: { recipients2: 3, recipients3: 2, most: 10 } } },
    });
    expect(await auditOf(events, "--window", "70s")).toMatchObject({
      json: { same: { atMost: { recipients2: 2, most: 3 } } },
    });
  });

  it("takes several events of an email for one, in any order, in any envelope", async () => {
    const send = sesEvent({ id: "1" });
    const delivery = sesEvent({ id: "1", type: "Delivery" });
    const run = await auditOf([
      delivery,
      { Type: "Notification", MessageId: "x", Message: JSON.stringify(send) },
      { Body: JSON.stringify({ Type: "Notification", Message: JSON.stringify(send) }) },
      { source: "aws.ses", "detail-type": "Email Sent", detail: send },
      { Records: [{ EventSource: "aws:sns", Sns: { Message: JSON.stringify(delivery) } }] },
    ]);
    expect(run).toMatchObject({ json: { emails: 1, recipients: 1, bursts: [] } });
  });

  it("leaves out what was refused or didn't arrive", async () => {
    const run = await auditOf([
      sesEvent({ id: "1" }),
      sesEvent({ id: "2" }),
      sesEvent({ id: "2", type: "Reject" }),
      sesEvent({ id: "3" }),
      sesEvent({ id: "3", type: "Bounce" }),
    ]);
    expect(run).toMatchObject({
      json: { emails: 1, bursts: [], input: { notSent: 1, undelivered: 1 } },
    });
  });

  it("is exact by a header or a tag of another service's own", async () => {
    const events = [
      sesEvent({ id: "1", headers: { "X-Form": "a" }, tags: { form: "a" } }),
      sesEvent({ id: "2", headers: { "X-Form": "b" }, tags: { form: "b" } }),
      sesEvent({ id: "3", headers: { "X-Form": "b" }, tags: { form: "b" } }),
    ];
    for (const args of [
      ["--key-header", "x-form"],
      ["--key-tag", "form"],
    ]) {
      expect(await auditOf(events, ...args)).toMatchObject({
        json: { exact: true, bursts: [{ sameBy: "notification", definitely: 2 }], toldApart: 1 },
      });
    }
  });

  it("reads a service's history, from a packed file or from stdin", async () => {
    const history = [
      { at: new Date(START).toISOString(), to: "Ann <ann@example.org>", key: "form-1" },
      { at: START + MINUTE, to: ["ANN@example.org"], key: "form-1" },
      { at: START + MINUTE, to: "ann@example.org", key: "form-1", outcome: "suppressed" },
    ];
    const found = { json: { emails: 2, same: { definitely: { recipients2: 1 } } } };
    await place.write("history.jsonl.gz", gzipSync(lines(history)));
    expect(await place.run(["audit", "history.jsonl.gz"])).toMatchObject(found);
    expect(await place.run(["audit", "-"], { stdin: lines(history) })).toMatchObject(found);
  });

  it("skips a line of a hundred million characters from a small file, and reads the rest", async () => {
    const email = JSON.stringify({ at: START, to: "ann@example.org" });
    const packed = gzipSync(`${"[".repeat(100_000_000)}\n${email}\n`);
    expect(packed.byteLength).toBeLessThan(200_000);
    await place.write("packed.jsonl.gz", packed);
    expect(await place.run(["audit", "packed.jsonl.gz"])).toMatchObject({
      code: 0,
      json: { emails: 1, input: { lines: 2, unreadable: 1 } },
    });
  });

  it("takes nothing from envelopes without end", async () => {
    const deep = `${"[".repeat(5_000)}${"]".repeat(5_000)}`;
    await place.write(
      "deep.jsonl",
      `${deep}\n${JSON.stringify({ at: START, to: "a@b.example" })}\n`,
    );
    expect(await place.run(["audit", "deep.jsonl"])).toMatchObject({
      json: { emails: 1, input: { unreadable: 1 } },
    });
  });

  it("reads what the local SES lists, on one line or many, and tells Part A from Part B", async () => {
    const ses = await createLocalSes();
    const client = new SESClient({
      ...{ endpoint: ses.endpoint, region: "eu-west-2", maxAttempts: 1 },
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
    });
    for (const part of ["Part A", "Part A", "Part B"]) {
      const Data = Buffer.from(`From: a@example.com\r\nSubject: Form R\r\n\r\n${part}\r\n`);
      const Destinations = ["ann@example.org"];
      await client.send(new SendRawEmailCommand({ RawMessage: { Data }, Destinations }));
    }
    const text = await (await fetch(`${ses.endpoint}/_local/messages`)).text();
    client.destroy();
    await ses.close();
    for (const content of [text, JSON.stringify(JSON.parse(text), null, 2)]) {
      await place.write("messages.json", content);
      expect(await place.run(["audit", "messages.json"])).toMatchObject({
        json: {
          emails: 3,
          exact: true,
          same: { definitely: { recipients2: 1, most: 2 } },
          toldApart: 1,
        },
      });
    }
  });

  it("keeps addresses and subjects to itself unless told otherwise", async () => {
    const events = [0, 1, 2].map((at) => sesEvent({ id: `${at}`, at, subject: "=HYPERLINK(1)" }));
    const results = ["--csv", "out.csv", "--chart", "out.html"];
    const run = await auditOf(events, ...results);
    const read = (name: string) => readFile(join(place.folder, name), "utf8");
    for (const text of [run.stdout, await read("out.csv"), await read("out.html")]) {
      expect(text).toMatch(/r-[0-9a-f]{12}/);
      expect(text).not.toContain("ann@example.org");
      expect(text).not.toContain("HYPERLINK");
    }
    const open = await auditOf(events, ...results, "--show-recipients", "--show-subjects");
    expect(open).toMatchObject({ json: { bursts: [{ recipient: "ann@example.org" }] } });
    expect(await read("out.csv")).toContain("ann@example.org,subject,'=HYPERLINK(1),2,3");
    expect(await read("out.html")).toContain("ann@example.org");
    const secret = { env: { EXACTLY_ONCE_DIGEST_SECRET: "correct horse" } };
    const runs = [1, 2].map(() => place.run(["audit", "events.jsonl"], secret));
    const [first, second] = await Promise.all(runs);
    expect(first?.stdout).toBe(second?.stdout);
  });

  it("draws a picture", async () => {
    const events = [0, 1, 2].map((at) => sesEvent({ id: `${at}`, at }));
    await auditOf(events, "--chart", "out.svg");
    const svg = await readFile(join(place.folder, "out.svg"), "utf8");
    expect(svg).toMatch(/^<svg/);
    expect(svg).toContain("Recipients by copies of one email");
    expect((await auditOf(events, "--chart", "out.png")).code).toBe(2);
    expect((await auditOf(events, "--csv", "absent/out.csv")).code).toBe(2);
  });

  it("reads well at 80 columns, and ends with 1 only when asked", async () => {
    const events = [0, 1, 2].map((at) => sesEvent({ id: `${at}`, at }));
    const run = await auditOf(events, "--no-json", "--exit-code");
    expect(run.code).toBe(1);
    expect(run.stdout).toMatch(/the same email twice or more +1 +1/);
    expect(run.stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
    const fine = await auditOf(events.slice(0, 2), "--no-json", "--exit-code");
    expect(fine.code).toBe(0);
    const later = await auditOf(events, "--no-json", "--since", "2026-02-01");
    expect(later.stdout).toMatch(/No email was sent in that time/);
  });

  it("goes on past lines it can't read, and ends with 2 where it can read none", async () => {
    await place.write(
      "mixed.jsonl",
      `${JSON.stringify(sesEvent({ id: "1" }))}\nnot json\n{"a":1}\n`,
    );
    const run = await place.run(["audit", "mixed.jsonl"]);
    expect(run).toMatchObject({ code: 0, json: { emails: 1, input: { lines: 3, unreadable: 2 } } });
    expect(run.stderr).toMatch(/mixed\.jsonl:2 tells of no email/);
    await place.write("none.jsonl", '{"a":1}\n');
    expect((await place.run(["audit", "none.jsonl"])).code).toBe(2);
    const absent = await place.run(["audit", "absent.jsonl"]);
    expect(absent.code).toBe(2);
    expect(absent.stderr).toMatch(/absent\.jsonl can't be read/);
  });
});
