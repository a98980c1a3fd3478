import { PermanentError } from "@exactly-once/core";
import PostalMime from "postal-mime";
import { describe, expect, it } from "vitest";
import type { Email } from "./email.js";
import { email } from "./mailer.fixture.js";
import { renderEmail, withAttempt } from "./mime.js";

const options = {
  from: { name: "Forms", address: "forms@example.com" },
  replyTo: undefined,
  maxMessageBytes: 10 * 1_024 * 1_024,
};

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
    ["an empty plain text", { text: "" }],
    ["an empty HTML", { html: " " }],
    ["neither plain text nor HTML", { html: undefined, text: undefined }],
    ["nobody to get it", { to: [] }],
    ["51 recipients", { to: Array.from({ length: 51 }, (_, i) => `d${i}@example.org`) }],
    ["a recipient among several that is none", { cc: ["a@b.org", ""] }],
    ["no recipient at all", { to: undefined }],
    ["a header given twice", { headers: { "X-Note": "a", "x-note": "b" } }],
    ["a List-Unsubscribe without brackets", { headers: { "List-Unsubscribe": "https://b.org/u" } }],
    ["a List-Unsubscribe to a script", { headers: { "List-Unsubscribe": "<javascript:x>" } }],
    ["a click that isn't one", { headers: { "List-Unsubscribe-Post": "Yes" } }],
    [
      "an inline part that the HTML doesn't name",
      { attachments: [{ filename: "a.png", content: "", contentId: "logo" }] },
    ],
    [
      "two inline parts of one name",
      {
        html: '<img src="cid:logo">',
        attachments: [
          { filename: "a.png", content: "a", contentId: "logo" },
          { filename: "b.png", content: "b", contentId: "logo" },
        ],
      },
    ],
    ["a recipient header", { headers: { Bcc: "x@example.com" } }],
    ["an instruction to SES", { headers: { "X-SES-CONFIGURATION-SET": "other" } }],
    ["an attempt of its own", { headers: { "x-exactly-once-attempt": "other" } }],
    ["a line break in a header", { headers: { "X-Note": "a\r\nBcc: x@example.com" } }],
    ["a header name with a colon", { headers: { "X:Y": "a" } }],
    ["a template name that fits no tag", { template: "form updated" }],
    ["an attachment from a path", { attachments: [{ filename: "a", path: "/etc/passwd" }] }],
    // Readers decode it even where it is encoded as a parameter should be.
    ["an encoded word for a file name", { attachments: [{ filename: "=?x?q?y?=", content: "" }] }],
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
    const { raw, recipients } = await render({
      to: { name, address: "doctor@example.org" },
      subject,
    });
    const parsed = await PostalMime.parse(raw);
    expect(parsed.to).toEqual([{ name, address: "doctor@example.org" }]);
    expect(parsed.subject).toBe(subject);
    expect(recipients.to).toEqual(["doctor@example.org"]);
  });

  it("has its domain in ASCII and lower case", async () => {
    const { recipients } = await render({ to: "Doctor@BÜCHER.example" });
    expect(recipients.to).toEqual(["Doctor@xn--bcher-kva.example"]);
  });

  it("carries attachments and further headers", async () => {
    const { raw } = await render({
      html: '<p><img src="cid:logo"></p>',
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

/** Of a blind decoder, which decodes encoded words wherever they stand, or none at all. */
const parsed = async (changes: Partial<Email>) => PostalMime.parse((await render(changes)).raw);
const textOf = async (changes: Partial<Email>) =>
  Buffer.from((await render(changes)).raw).toString();

describe("text that looks like an encoded word", () => {
  const hidden = [
    "=?UTF-8?Q?a=0D=0Ab?=",
    `=?UTF-8?B?${Buffer.from("\u202Egnirepmat").toString("base64")}?=`,
    "=?utf-8?q?fake?=",
    "see =?UTF-8?Q?a b?= here",
  ];

  it.each(hidden)("arrives as it was written, in each place: %s", async (text) => {
    const { subject, to, from, headers } = await PostalMime.parse(
      (
        await renderEmail(
          {
            ...email,
            subject: text,
            to: { name: text, address: "doctor@example.org" },
            headers: { "X-Note": text },
          },
          { ...options, from: { name: text, address: "forms@example.com" } },
        )
      ).raw,
    );
    expect(subject).toBe(text);
    expect(to).toEqual([{ name: text, address: "doctor@example.org" }]);
    expect(from).toEqual({ name: text, address: "forms@example.com" });
    expect(headers.find(({ key }) => key === "x-note")).toBeDefined();
  });

  it.each(hidden)("stands nowhere in the message as it is: %s", async (text) => {
    const raw = await textOf({
      ...{
        subject: text,
        headers: { "X-Note": text },
        replyTo: { name: text, address: "a@b.org" },
      },
    });
    expect(raw).not.toContain(text);
  });
});

describe("an email as people write it", () => {
  it("may be plain text alone", async () => {
    const { text, html } = await parsed({ html: undefined });
    expect([text?.trim(), html]).toEqual([email.text, undefined]);
  });

  it("may be HTML alone", async () => {
    const { text, html } = await parsed({ text: undefined });
    expect([html?.trim(), text ?? ""]).toEqual([email.html, ""]);
  });

  it("shows an image inline, and has other files beside", async () => {
    const { html, attachments } = await parsed({
      html: '<p><img src="cid:logo"></p>',
      attachments: [
        { filename: "logo.png", content: Buffer.from([1, 2, 3]), contentId: "logo" },
        { filename: "Übersicht.pdf", content: "x" },
      ],
    });
    expect(html).toContain("cid:logo");
    expect(
      attachments.map(({ filename, disposition, related }) => [filename, disposition, related]),
    ).toEqual([
      ["logo.png", "inline", true],
      ["Übersicht.pdf", "attachment", undefined],
    ]);
  });

  it("never has a header whose first line is empty, however long its value", async () => {
    const url = `https://example.com/u/${"x".repeat(200)}`;
    const raw = await textOf({
      headers: {
        "List-Unsubscribe": `<${url}>, <mailto:leave@example.com?subject=${"y".repeat(80)}>`,
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "X-Long": "z".repeat(300),
      },
      subject: `${"s".repeat(120)} and more`,
    });
    expect(raw).toContain(`List-Unsubscribe: <${url}>,\r\n <mailto:leave`);
    expect(raw).toContain("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n");
    expect(raw).not.toMatch(/^[A-Za-z-]+: *\r\n/m);
    for (const line of raw.split("\r\n")) expect(line.length).toBeLessThan(998);
  });

  it("bears no name of the machine it was made on", async () => {
    expect(await textOf({})).toMatch(/^Message-ID: <[0-9a-f]{32}@example\.com>\r$/m);
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
    { html: undefined },
    { text: undefined },
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
