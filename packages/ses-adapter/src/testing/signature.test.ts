import { GetSendQuotaCommand, SendRawEmailCommand } from "@aws-sdk/client-ses";
import { describe, expect, it, onTestFinished } from "vitest";
import { letter, sesFixture } from "./local-ses.fixture.js";
import { judgeSignature } from "./signature.js";

const { clientOf, startSes } = sesFixture(onTestFinished);

const now = Date.UTC(2026, 0, 2, 3, 4, 5);
const minutes = 60_000;

const signed = (changes: Readonly<Record<string, string | undefined>> = {}) => ({
  authorization:
    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/eu-west-2/ses/aws4_request, " +
    `SignedHeaders=host;x-amz-date, Signature=${"a".repeat(64)}`,
  "x-amz-date": "20260102T030405Z",
  ...changes,
});

const authorization = (search: string | RegExp, replacement: string) =>
  signed({ authorization: signed().authorization?.replace(search, replacement) });

describe("a signature", () => {
  it("that is well-formed and fresh tells who signed, where and when", () => {
    expect(judgeSignature(signed(), now, 5 * minutes)).toEqual({
      accessKeyId: "AKIDEXAMPLE",
      region: "eu-west-2",
      signedAt: now,
    });
  });

  it("lives for the window to the last millisecond, in both directions", () => {
    const judgeAt = (time: number) => judgeSignature(signed(), time, 5 * minutes);
    expect(judgeAt(now + 5 * minutes)).not.toHaveProperty("code");
    expect(judgeAt(now - 5 * minutes)).not.toHaveProperty("code");
    expect(judgeAt(now + 5 * minutes + 1)).toMatchObject({
      status: 403,
      code: "SignatureDoesNotMatch",
      message:
        "Signature expired: 20260102T030405Z is now earlier than 20260102T030405Z " +
        "(20260102T030905Z - 5 min.)",
    });
    expect(judgeAt(now - 5 * minutes - 1_000)).toMatchObject({
      code: "SignatureDoesNotMatch",
      message: expect.stringContaining("Signature not yet current") as string,
    });
  });

  it.each([
    ["is absent", signed({ authorization: undefined }), "MissingAuthenticationToken", 403],
    [
      "is of an older version",
      signed({ authorization: "AWS3-HTTPS x" }),
      "InvalidClientTokenId",
      403,
    ],
    ["lacks a credential", authorization(/Credential=\S+ /, ""), "IncompleteSignature", 400],
    ["lacks signed headers", authorization(/SignedHeaders=\S+ /, ""), "IncompleteSignature", 400],
    ["lacks the signature", authorization(/, Signature=.*/, ""), "IncompleteSignature", 400],
    ["isn't 64 hexadecimal digits", authorization(/a{64}/, "abc"), "IncompleteSignature", 400],
    ["bears no date", signed({ "x-amz-date": undefined }), "IncompleteSignature", 400],
    [
      "bears an impossible date",
      signed({ "x-amz-date": "20261302T030405Z" }),
      "IncompleteSignature",
      400,
    ],
    [
      "bears another day than its scope",
      authorization("/20260102/", "/20260101/"),
      "SignatureDoesNotMatch",
      403,
    ],
    ["is meant for another service", authorization("/ses/", "/sqs/"), "SignatureDoesNotMatch", 403],
    ["has a scope of other parts", authorization("/aws4_request", ""), "IncompleteSignature", 400],
    ["leaves the date unsigned", authorization(";x-amz-date", ""), "SignatureDoesNotMatch", 403],
  ])("that %s is refused", (_, headers, code, status) => {
    expect(judgeSignature(headers, now, 5 * minutes)).toMatchObject({ code, status });
  });
});

describe("the server", () => {
  it("refuses a request whose signature went stale on the way", async () => {
    let time = Date.now();
    const ses = await startSes({ now: () => time });
    const client = clientOf(ses);
    // What a sender does that is stopped after signing and woken much later.
    client.middlewareStack.add(
      (next) => (args) => {
        time += 6 * minutes;
        return next(args);
      },
      // This step comes after the one that signs.
      { step: "deserialize", name: "sleep" },
    );
    await expect(
      client.send(new SendRawEmailCommand({ RawMessage: letter() })),
    ).rejects.toMatchObject({
      name: "SignatureDoesNotMatch",
      message: expect.stringMatching(/^Signature expired: .* - 5 min\.\)$/) as string,
      $metadata: { httpStatusCode: 403 },
    });
    expect(ses.accepted()).toBe(0);
    expect(ses.requests()[0]).toMatchObject({
      refusedWith: "SignatureDoesNotMatch",
      signedAt: undefined,
    });
  });

  it("can be told a shorter window, for scaled time", async () => {
    const ses = await startSes({ now: () => Date.now() + 10_000, signatureValidityMs: 3_000 });
    await expect(clientOf(ses).send(new GetSendQuotaCommand({}))).rejects.toMatchObject({
      name: "SignatureDoesNotMatch",
      message: expect.stringContaining("- 3 sec.)") as string,
    });
  });

  it("refuses an unsigned request", async () => {
    const ses = await startSes();
    const reply = await fetch(ses.endpoint, {
      method: "POST",
      body: new URLSearchParams({ Action: "GetSendQuota", Version: "2010-12-01" }),
    });
    expect(reply.status).toBe(403);
    expect(await reply.text()).toContain("<Code>MissingAuthenticationToken</Code>");
  });

  it("refuses a signed request without an action, and one too large to read", async () => {
    const ses = await startSes({ now: () => now });
    const post = (body: string) =>
      fetch(ses.endpoint, {
        method: "POST",
        headers: { authorization: signed().authorization ?? "", "x-amz-date": "20260102T030405Z" },
        body,
      });
    expect(await (await post("")).text()).toContain("<Code>MissingAction</Code>");
    const large = await post(`RawMessage.Data=${"a".repeat(21 * 1_024 * 1_024)}`);
    expect(large.status).toBe(413);
    expect(ses.requests()).toHaveLength(1);
  });
});
