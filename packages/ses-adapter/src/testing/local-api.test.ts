import { SendRawEmailCommand } from "@aws-sdk/client-ses";
import { request } from "node:http";
import { describe, expect, it, onTestFinished } from "vitest";
import { letter, rawMessage, sesFixture } from "./local-ses.fixture.js";
import type { LocalSes } from "./local-ses.js";

const { clientOf, startSes } = sesFixture(onTestFinished);

const send = (ses: LocalSes, to = "doctor@example.org", subject?: string) =>
  clientOf(ses).send(
    new SendRawEmailCommand({ RawMessage: letter(to, subject), Destinations: [to] }),
  );

const get = async (ses: LocalSes, path: string, init?: RequestInit) => {
  const reply = await fetch(`${ses.endpoint}${path}`, init);
  const text = await reply.text();
  return {
    status: reply.status,
    headers: reply.headers,
    text,
    json: () => JSON.parse(text) as Record<string, unknown>,
  };
};

const post = (body: unknown): RequestInit => ({ method: "POST", body: JSON.stringify(body) });

describe("mail over HTTP", () => {
  it("is read in pages, each from where the last one ended", async () => {
    const ses = await startSes();
    for (const name of ["a", "b", "c"]) await send(ses, `${name}@example.org`);
    const first = await get(ses, "/_local/messages?limit=2");
    expect(first.json()).toMatchObject({
      messages: [{ destinations: ["a@example.org"] }, { destinations: ["b@example.org"] }],
      next: 2,
      accepted: 3,
    });
    const second = await get(ses, "/_local/messages?since=2");
    expect(second.json()).toMatchObject({
      messages: [{ sequence: 3, subject: "Form received", configurationSet: null, tags: {} }],
      next: 3,
    });
    expect((await get(ses, "/_local/messages?since=3")).json()).toMatchObject({
      messages: [],
      next: 3,
    });
  });

  it("tells by a digest which emails are the same to their reader", async () => {
    const ses = await startSes();
    const sendText = (to: string, subject: string, date: string, text: string) =>
      clientOf(ses).send(
        new SendRawEmailCommand({
          Destinations: [to],
          RawMessage: rawMessage([
            "From: forms@example.com",
            `To: ${to}`,
            `Date: ${date}`,
            `Subject: ${subject}`,
            "",
            text,
          ]),
        }),
      );
    const [monday, tuesday] = ["Mon, 5 Jan 2026 09:00:00 +0000", "Tue, 6 Jan 2026 09:00:00 +0000"];
    await sendText("a@example.org", "Form", monday, "Part A");
    await sendText("a@example.org", "Form", tuesday, "Part A");
    await sendText("a@example.org", "Form", monday, "Part B");
    await sendText("a@example.org", "Forms", monday, "Part A");
    const { messages } = (await get(ses, "/_local/messages")).json();
    const digests = (messages as { contentDigest: string }[]).map((one) => one.contentDigest);
    expect(digests[1]).toBe(digests[0]);
    expect(new Set(digests).size).toBe(3);
  });

  it("shows one message as html, text, source or JSON", async () => {
    const ses = await startSes();
    const RawMessage = rawMessage([
      "From: forms@example.com",
      "To: doctor@example.org",
      "Content-Type: multipart/alternative; boundary=x",
      "",
      ...["--x", "Content-Type: text/plain", "", "Plain words", ""],
      ...[
        "--x",
        "Content-Type: text/html",
        "",
        "<p>Rich <script>alert(1)</script></p>",
        "",
        "--x--",
      ],
    ]);
    const { MessageId } = await clientOf(ses).send(new SendRawEmailCommand({ RawMessage }));
    const path = `/_local/messages/${MessageId ?? ""}`;

    const html = await get(ses, path);
    expect(html.text).toContain("<p>Rich");
    expect(html.headers.get("content-security-policy")).toMatch(/^sandbox; default-src 'none'/);
    expect((await get(ses, `${path}?as=text`)).text).toContain("Plain words");
    expect((await get(ses, `${path}?as=raw`)).text).toContain("boundary=x");
    expect((await get(ses, `${path}?as=json`)).json()).toMatchObject({ messageId: MessageId });
    expect((await get(ses, `${path}?as=pdf`)).status).toBe(400);
    expect((await get(ses, "/_local/messages/none")).status).toBe(404);
  });

  it("is forgotten on request, while counts go on", async () => {
    const ses = await startSes();
    await send(ses);
    await get(ses, "/_local/messages", { method: "DELETE" });
    expect(ses.sent()).toEqual([]);
    await send(ses);
    expect((await get(ses, "/_local/status")).json()).toMatchObject({
      ...{ accepted: 2, kept: 1, requests: 2 },
    });
    expect(ses.sent()[0]?.sequence).toBe(2);
  });

  it("keeps only the newest, as many as told", async () => {
    const ses = await startSes({ keep: 2 });
    for (const name of ["a", "b", "c", "d", "e"]) await send(ses, `${name}@example.org`);
    expect(ses.sent().map(({ sequence }) => sequence)).toEqual([4, 5]);
    expect(ses.requests().map(({ number }) => number)).toEqual([4, 5]);
    expect(ses.accepted()).toBe(5);
  });
});

describe("faults over HTTP", () => {
  const rules = [{ fault: "503", when: { on: "every" } }];

  it("are set, counted and cleared", async () => {
    const ses = await startSes();
    expect((await get(ses, "/_local/faults", post({ rules }))).status).toBe(200);
    await expect(send(ses)).rejects.toMatchObject({ name: "ServiceUnavailable" });
    expect((await get(ses, "/_local/status")).json()).toMatchObject({ faultsStruck: { "503": 1 } });
    expect((await get(ses, "/_local/requests")).json()).toMatchObject({
      requests: [{ action: "SendRawEmail", fault: "503", carriedOut: false }],
    });
    await get(ses, "/_local/faults", { method: "DELETE" });
    await send(ses);
    expect(ses.accepted()).toBe(1);
  });

  it.each([
    ["no object", []],
    ["an unknown fault", { rules: [{ fault: "explode", when: { on: "every" } }] }],
    ["an unknown trigger", { rules: [{ fault: "503", when: { on: "sunday" } }] }],
    [
      "a probability above 1",
      { rules: [{ fault: "503", when: { on: "chance", probability: 2, seed: 1 } }] },
    ],
    ["a delay without a time", { rules: [{ fault: { kind: "delay" }, when: { on: "every" } }] }],
    ["event rates without a seed", { events: { lost: 0.5 } }],
  ])("are refused with a reason when they are %s", async (_, body) => {
    const ses = await startSes({ faults: [{ fault: "reject", when: { on: "every" } }] });
    const reply = await get(ses, "/_local/faults", post(body));
    expect(reply.status).toBe(400);
    expect(reply.json()["error"]).toMatch(/\w/);
    await expect(send(ses)).rejects.toMatchObject({ name: "MessageRejected" });
  });
});

describe("the page", () => {
  it("lists mail, newest first, with everything escaped", async () => {
    const ses = await startSes();
    await send(ses, "a@example.org", "First");
    await send(ses, "b@example.org", `<script>alert("x")</script> & 'y'`);
    const page = await get(ses, "/");
    expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(page.headers.get("content-security-policy")).toMatch(/^default-src 'none'/);
    expect(page.text).not.toContain("<script>");
    expect(page.text).toContain(
      "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; &#39;y&#39;",
    );
    expect(page.text.indexOf("b@example.org")).toBeLessThan(page.text.indexOf("a@example.org"));
    expect(page.text).toContain('name="viewport"');
  });

  it("finds mail by subject or recipient, and escapes what was asked", async () => {
    const ses = await startSes();
    await send(ses, "a@example.org");
    await send(ses, "b@example.org");
    const found = await get(ses, "/?search=B@example");
    expect(found.text).toContain("b@example.org");
    expect(found.text).not.toContain("a@example.org");
    const none = await get(ses, `/?search=${encodeURIComponent('"><b>')}`);
    expect(none.text).toContain("No mail matches.");
    expect(none.text).toContain('value="&quot;&gt;&lt;b&gt;"');
  });

  it("says so when there is none", async () => {
    expect((await get(await startSes(), "/")).text).toContain("No mail yet.");
  });
});

describe("strangers", () => {
  const ask = (ses: LocalSes, headers: Record<string, string>) =>
    new Promise<number | undefined>((resolve, reject) => {
      request(`${ses.endpoint}/_local/messages`, { headers }, (reply) => {
        reply.resume();
        resolve(reply.statusCode);
      })
        .on("error", reject)
        .end();
    });

  it("can't reach mail through a name that leads to this machine, or from another page", async () => {
    const ses = await startSes();
    expect(await ask(ses, {})).toBe(200);
    expect(await ask(ses, { host: "rebound.example.com" })).toBe(403);
    expect(await ask(ses, { origin: "https://evil.example.com" })).toBe(403);
    expect((await get(ses, "/elsewhere")).status).toBe(404);
  });
});

describe("waiting for mail", () => {
  it("resolves when the awaited email comes", async () => {
    const ses = await startSes();
    const awaited = ses.waitForSent((email) => email.destinations.includes("b@example.org"));
    await send(ses, "a@example.org");
    await send(ses, "b@example.org");
    expect(await awaited).toMatchObject([{ sequence: 2 }]);
    expect(await ses.waitForSent(2)).toHaveLength(2);
  });

  it("rejects with a reason when it doesn't", async () => {
    const ses = await startSes();
    await expect(ses.waitForSent(1, { timeoutMs: 1 })).rejects.toMatchObject({
      code: "WAIT_TIMEOUT",
      message: expect.stringContaining("requests()") as string,
    });
  });
});
