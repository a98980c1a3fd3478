import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { emailOf, traineeIdOf } from "./local/cognito-pool.js";
import { sampleCredential, sampleForm } from "./local/sample-events.js";
import type { LocalCognitoUser } from "./local/cognito-pool.js";
import { deadLetterOf, mailTo, runService, type RunningService } from "./service.fixture.js";

const account = (traineeId: string, attributes: Record<string, string>): LocalCognitoUser => ({
  username: `user-${traineeId}-${attributes["email"] ?? ""}`,
  attributes: { "custom:tisId": traineeId, ...attributes },
});

const named = (traineeId: string, family_name: string) =>
  account(traineeId, { email: `${traineeId}@example.org`, family_name });

const SECRET_ADDRESS = "secret@example.com";

let running: RunningService;

beforeAll(async () => {
  running = await runService({
    cognito: {
      users: 50,
      extraUsers: [
        named("script", `<script>alert("x")</script> & O'Neill`),
        named("lines", "Smith\r\nBcc: victim@example.com\r\n\r\nForged"),
        named("rtl", "\u202Eاحمد\u200F"),
        named("emoji", "Zoë 👩🏽‍⚕️ 🇬🇧"),
        named("proto", "__proto__"),
        named("mustache", "{{appUrl}} {{constructor.constructor}}"),
        named("long", "x".repeat(500)),
        named("blank", " \u0000\n "),
        account("crlf-address", { email: `a@example.org\r\nBcc: ${SECRET_ADDRESS}` }),
        account("two-addresses", { email: `a@example.org, ${SECRET_ADDRESS}` }),
        account("no-email", { family_name: "Unreachable" }),
        account("twice", { email: SECRET_ADDRESS }),
        account("twice", { email: "other@example.org" }),
      ],
    },
    env: { USER_CACHE_MIN_INTERVAL_SECONDS: "0", USER_CACHE_LISTING_DELAY_SECONDS: "0" },
  });
});

afterAll(() => running.close());

/** Another message, behind the first on the same queue, to tell that the consumer goes on. */
async function expectGoingOn(position: number): Promise<void> {
  await running.stack.submitForm(sampleForm({ traineeId: traineeIdOf(position) }));
  await mailTo(running.stack, emailOf(position));
}

async function expectDeadForm(body: string, code: string, text: RegExp): Promise<void> {
  const { stack } = running;
  await stack.submitForm(body, crypto.randomUUID());
  const letter = await deadLetterOf(stack, stack.formUpdated, body);
  expect(letter.note).toMatchObject({ code, text: expect.stringMatching(text) as string });
  expect(letter.note?.text).not.toContain("@example");
}

describe("a message that can't be read ends on the dead-letter queue with a reason", () => {
  const form = (changes: Record<string, unknown>) => JSON.stringify(sampleForm(changes));
  const nested = `${"[".repeat(50_000)}${"]".repeat(50_000)}`;

  it.each([
    ["not JSON", "{not json", "undecodable", /isn't JSON/],
    ["a JSON text", '"hello"', "invalid", /invalid_type object/],
    ["null", "null", "invalid", /invalid_type object/],
    ["an array", "[]", "invalid", /invalid_type object/],
    ["an empty object", "{}", "invalid", /formName.*lifecycleState.*traineeId/],
    ["nesting without end", nested, "invalid", /invalid_type object/],
    ["an unknown state", form({ lifecycleState: "EXPLODED" }), "invalid", /lifecycleState/],
    ["a state of the prototype", form({ lifecycleState: "constructor" }), "invalid", /lifecycle/],
    ["a number for an id", form({ traineeId: 47165 }), "invalid", /traineeId/],
    ["an empty id", form({ traineeId: "" }), "invalid", /traineeId/],
    ["an address for an id", form({ traineeId: SECRET_ADDRESS }), "invalid", /traineeId/],
    ["no event date", form({ eventDate: undefined }), "invalid", /eventDate/],
    [
      "a bad event date",
      form({ eventDate: "yesterday" }),
      "invalid",
      /eventDate: invalid_format datetime/,
    ],
    ["an impossible date", form({ eventDate: "2024-02-30T00:00:00Z" }), "invalid", /eventDate/],
    ["a path for a form type", form({ formType: "../admin" }), "invalid", /formType/],
    [
      "only __proto__",
      `{"__proto__":${form({})},"constructor":{"prototype":{"formName":"x"}}}`,
      "invalid",
      /formName/,
    ],
  ])("%s", async (_what, body, code, text) => {
    await expectDeadForm(body, code, text);
  });

  it("a credential without a type", async () => {
    const { stack } = running;
    const body = JSON.stringify(sampleCredential({ credentialType: undefined }));
    await stack.revokeCredential(body, "missing-type");
    const { note } = await deadLetterOf(stack, stack.credentialRevoked, body);
    expect(note).toMatchObject({ code: "invalid" });
    expect(note?.text).toContain("credentialType");
  });

  it("and the consumer goes on", () => expectGoingOn(1));
});

describe("a trainee who can't be written to ends on the dead-letter queue with a reason", () => {
  it.each([
    ["unknown", /Trainee unknown has no account/],
    ["__proto__", /Trainee __proto__ has no account/],
    ["twice", /Trainee twice has 2 accounts/],
    ["no-email", /account of trainee no-email has no email address/],
    ["crlf-address", /line break or control character/],
    ["two-addresses", /email address/],
  ])("%s", async (traineeId, text) => {
    await expectDeadForm(JSON.stringify(sampleForm({ traineeId })), "permanent", text);
  });

  it("and nobody got that mail", async () => {
    await expectGoingOn(2);
    const reached = running.stack.ses.sent().flatMap(({ destinations }) => destinations);
    expect(reached).not.toContain(SECRET_ADDRESS);
    expect(reached).not.toContain("other@example.org");
  });
});

describe("a hostile value is only text", () => {
  async function mailFor(traineeId: string, changes: Record<string, unknown> = {}) {
    await running.stack.submitForm(sampleForm({ traineeId, ...changes }));
    const [email] = await mailTo(running.stack, `${traineeId}@example.org`);
    if (email === undefined) throw new Error("no mail");
    return { email, html: email.mime.html ?? "", text: email.mime.text ?? "" };
  }

  it("markup in a name", async () => {
    const { html, text } = await mailFor("script");
    expect(html).not.toContain("<script");
    expect(html).toContain("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; O&#x27;Neill");
    expect(text).toContain(`Dear Dr <script>alert("x")</script> & O'Neill,`);
  });

  it("line breaks in a name", async () => {
    const { email, text } = await mailFor("lines");
    expect(text).toContain("Dear Dr Smith Bcc: victim@example.com Forged,");
    expect(email.headers.map(({ name }) => name.toLowerCase())).not.toContain("bcc");
    expect(email.destinations).toEqual(["lines@example.org"]);
  });

  it("a right-to-left name with marks that would turn the line", async () => {
    const { html, text } = await mailFor("rtl");
    expect(html).toContain("<bdi>Dr احمد</bdi>");
    expect(text).toContain("Dear Dr \u2068احمد\u2069,");
    expect(text).not.toMatch(/[\u202A-\u202E\u200E\u200F]/);
  });

  it("emoji", async () => {
    const { html, text } = await mailFor("emoji");
    for (const part of [html, text]) expect(part).toContain("Dr Zoë 👩🏽‍⚕️ 🇬🇧");
  });

  it("a name that is a property of every object, or a template", async () => {
    expect((await mailFor("proto")).text).toContain("Dear Dr __proto__,");
    const { text } = await mailFor("mustache");
    expect(text).toContain("Dear Dr {{appUrl}} {{constructor.constructor}},");
  });

  it("a name that is none", async () => {
    expect((await mailFor("long")).text).toContain("Dear Doctor,");
    expect((await mailFor("blank")).text).toContain("Dear Doctor,");
  });

  it("markup, line breaks and polluting keys in the event", async () => {
    const body = JSON.stringify(
      sampleForm({ traineeId: traineeIdOf(3), formName: `<img src=x onerror=1>\r\nSubject: no` }),
    ).replace("{", '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},');
    await running.stack.submitForm(body);
    const [email] = await mailTo(running.stack, emailOf(3));
    expect(email?.mime.html).toContain("&lt;img src&#x3D;x onerror&#x3D;1&gt; Subject: no");
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  it("in the type of a credential, up to the subject", async () => {
    const credentialType = `<b>"Type"</b>\r\nBcc: x@example.org`;
    await running.stack.revokeCredential(
      sampleCredential({ traineeId: traineeIdOf(4), credentialType }),
    );
    const [email] = await mailTo(running.stack, emailOf(4));
    expect(email?.mime.subject).toBe(
      'Your <b>"Type"</b> Bcc: x@example.org credential has been revoked',
    );
    expect(email?.mime.html).not.toContain("<b>");
    expect(email?.headers.map(({ name }) => name.toLowerCase())).not.toContain("bcc");
  });
});

describe("a message of a mebibyte", () => {
  const filled = (length: number) => {
    const event = sampleForm({ traineeId: traineeIdOf(5), formContentDto: { answer: "" } });
    const room = length - JSON.stringify(event).length;
    return JSON.stringify({ ...event, formContentDto: { answer: "x".repeat(room) } });
  };

  it("is a form like any other", async () => {
    await running.stack.submitForm(filled(1_048_576), "large");
    expect(await mailTo(running.stack, emailOf(5))).toHaveLength(1);
  });

  it("that isn't JSON ends on the dead-letter queue, whole, with the reason", async () => {
    const body = "x".repeat(1_048_576 - 2_048);
    await expectDeadForm(body, "undecodable", /isn't JSON/);
  });
});

it("nothing of all this is in the log", () => {
  const log = running.log();
  for (const secret of ["@example", "<script>", "Forged", "احمد", "Zoë", "Unreachable"]) {
    expect(log).not.toContain(secret);
  }
});
