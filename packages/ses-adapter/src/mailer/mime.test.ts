import { PermanentError } from "@exactly-once/core";
import PostalMime from "postal-mime";
import { describe, expect, it } from "vitest";
import type { Email } from "./email.js";
import { email } from "./mailer.fixture.js";
import { renderEmail, withAttempt } from "./mime.js";

const options = { from: { name: "Forms", address: "forms@example.com" }, replyTo: undefined };

const render = (changes: Partial<Email> = {}) => renderEmail({ ...email, ...changes }, options);

/** The text of the permanent error that an email ends in. */
const refusal = async (changes: Partial<Record<keyof Email, unknown>>): Promise<string> => {
  const error: unknown = await render(changes as Partial<Email>).catch((thrown: unknown) => thrown);
  expect(error instanceof PermanentError, `was not refused: ${JSON.stringify(changes)}`).toBe(true);
  return String(error);
};

const hostileAddresses = [
  "",
  "nobody",
  "@example.org",
  "doctor@",
  "doctor@localhost",
  "doctor@example..org",
  "doctor@-example.org",
  "doctor@example.org\r\nBcc: victim@example.com",
  "doctor@example.org\n",
  "doctor@example.org, victim@example.com",
  "doctor@example.org;victim@example.com",
  "Doctor <doctor@example.org>",
  "doctor @example.org",
  '"quoted local"@example.org',
  "dóctor@example.org",
  "doctor@exa%6dple.org",
  "doctor@[127.0.0.1]",
  "doctor@example.org>",
  `${"d".repeat(65)}@example.org`,
  "doctor@example.org\u2028",
];

describe("an email that SES would refuse or that smuggles something in", () => {
  it.each(hostileAddresses)("is refused without repeating the address: %j", async (to) => {
    const text = await refusal({ to });
    expect(text).toMatch(/^PermanentError: to: the email address/);
    expect(text).not.toContain("example");
  });

  it.each([
    ["a line break in the name", { to: { name: "Dr\r\nBcc: x@example.com", address: "a@b.org" } }],
    ["a control character in the name", { to: { name: "Dr\u0000", address: "a@b.org" } }],
    ["a line break in the reply address", { replyTo: "a@b.org\r\nX: y" }],
    ["a line break in the subject", { subject: "Hello\r\nBcc: x@example.com" }],
    ["a line separator in the subject", { subject: "Hello\u2028there" }],
    ["no subject", { subject: " " }],
    ["no plain text", { text: "" }],
    ["no HTML", { html: undefined }],
    ["a recipient header", { headers: { Bcc: "x@example.com" } }],
    ["an instruction to SES", { headers: { "X-SES-CONFIGURATION-SET": "other" } }],
    ["an attempt of its own", { headers: { "x-exactly-once-attempt": "other" } }],
    ["a line break in a header", { headers: { "X-Note": "a\r\nBcc: x@example.com" } }],
    ["a header name with a colon", { headers: { "X:Y": "a" } }],
    ["a template name that fits no tag", { template: "form updated" }],
    ["an attachment from a path", { attachments: [{ filename: "a", path: "/etc/passwd" }] }],
    ["a line break in a file name", { attachments: [{ filename: "a\r\nb", content: "" }] }],
    [
      "a content type with a line break",
      { attachments: [{ filename: "a", content: "", contentType: "text/plain\r\nX: y" }] },
    ],
    ["more than 10 MB", { attachments: [{ filename: "a", content: Buffer.alloc(8_000_000) }] }],
  ])("is refused: %s", async (_, changes) => {
    expect(await refusal(changes)).not.toContain("@");
  });
});

describe("an email with hostile but lawful text", () => {
  it("arrives as it was written", async () => {
    const name = 'O"Neill, <script> \u202Ealtered\u202C 👩‍⚕️ (x) victim@example.com';
    const subject = "RTL \u202Ealtered\u202C 👩‍⚕️ =?utf-8?q?fake?=";
    const { raw, recipient } = await render({
      to: { name, address: "doctor@example.org" },
      subject,
    });
    const parsed = await PostalMime.parse(raw);
    expect(parsed.to).toEqual([{ name, address: "doctor@example.org" }]);
    expect(parsed.subject).toBe(subject);
    expect(recipient).toBe("doctor@example.org");
  });

  it("has its domain in ASCII and lower case", async () => {
    expect((await render({ to: "Doctor@BÜCHER.example" })).recipient).toBe(
      "Doctor@xn--bcher-kva.example",
    );
  });

  it("carries attachments and further headers", async () => {
    const { raw } = await render({
      attachments: [
        { filename: "form.txt", content: "Part A" },
        { filename: "logo.png", content: Buffer.from([1, 2, 3]), contentId: "logo" },
      ],
      headers: { "List-Unsubscribe": "<https://example.com/u>" },
    });
    const parsed = await PostalMime.parse(raw);
    expect(parsed.attachments.map(({ filename, contentId }) => [filename, contentId])).toEqual(
      expect.arrayContaining([
        ["form.txt", undefined],
        ["logo.png", "<logo>"],
      ]),
    );
    expect(parsed.headers).toContainEqual(
      expect.objectContaining({ key: "list-unsubscribe", value: "<https://example.com/u>" }),
    );
  });
});

describe("the content digest", () => {
  it("is the same for each rendering, whoever it goes to", async () => {
    const [one, again, other] = [await render(), await render(), await render({ to: "b@b.org" })];
    expect(one.contentDigest).toMatch(/^[0-9a-f]{32}$/);
    expect([again.contentDigest, other.contentDigest]).toEqual([
      one.contentDigest,
      one.contentDigest,
    ]);
  });

  it.each<Partial<Email>>([
    { subject: "Other" },
    { html: "<p>Other</p>" },
    { text: "Other" },
    { replyTo: "help@example.com" },
    { headers: { "X-Note": "other" } },
    { attachments: [{ filename: "a.txt", content: "other" }] },
  ])("tells %o apart", async (changes) => {
    expect((await render(changes)).contentDigest).not.toBe((await render()).contentDigest);
  });
});

describe("the attempt's header", () => {
  it("comes before all others and leaves the rest as it was", async () => {
    const prepared = await render();
    const text = Buffer.from(withAttempt(prepared, "k-email-n-1-1")).toString();
    expect(text.split("\r\n")[0]).toBe("X-Exactly-Once-Attempt: k-email-n-1-1");
    expect(text.endsWith(Buffer.from(prepared.raw).toString())).toBe(true);
  });
});
