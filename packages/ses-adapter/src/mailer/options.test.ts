import { ConfigurationError } from "@exactly-once/core";
import { describe, expect, it } from "vitest";
import { safeSesClient } from "../wire/safe-client.js";
import { safeSesV2Client } from "../wire/safe-v2-client.js";
import { bothApis, credentials, mailerFixture, type ApiName } from "./mailer.fixture.js";
import { mailerSettings, type MailerOptions } from "./options.js";
import { sesMailer } from "./ses-mailer.js";
import { sesV2Mailer } from "./ses-v2-mailer.js";

const { bring } = mailerFixture(() => undefined);
const callers: Readonly<Record<ApiName, string>> = { v1: "sesMailer", v2: "sesV2Mailer" };

it.each<readonly [Partial<MailerOptions>, string]>([
  [{ attemptTimeoutMs: 0 }, "attemptTimeoutMs is 0; give whole milliseconds"],
  [{ maxRequestMs: Number.NaN }, "maxRequestMs is NaN"],
  [{ signatureValidityMs: Infinity }, "signatureValidityMs is Infinity"],
  [{ maxClockSkewMs: -1 }, "maxClockSkewMs is -1"],
  [{ sendRate: { refreshMs: Infinity } }, "sendRate.refreshMs is Infinity"],
  [{ sendRate: { perSecond: Infinity } }, "sendRate.perSecond is Infinity"],
  [{ sendRate: { perSecond: 0 } }, "sendRate.perSecond is 0; give a number from"],
  [{ sendRate: { share: Number.NaN } }, "sendRate.share is NaN"],
  [{ sendRate: { share: 2 } }, "sendRate.share is 2; give a number from"],
  [{ from: "nobody" }, "from: the email address is not of the form local@domain"],
  [{ replyTo: ["a@b.org", "nobody"] }, "replyTo: the email address is not of the form"],
  [{ configurationSetName: "my letters" }, 'configurationSetName is "my letters"; give 1 to 64 of'],
])("refuses %j, and says who wants what", (options, text) => {
  for (const api of bothApis) {
    const make = () => bring(api, "http://127.0.0.1:1", {}, options);
    expect(make).toThrow(ConfigurationError);
    expect(make).toThrow(`${callers[api]}: ${text}`);
  }
});

it("fills in what is left out, or given as undefined", () => {
  const options = { from: "a@b.org", sendRate: undefined, attemptTimeoutMs: undefined };
  expect(mailerSettings(options, "sesMailer")).toMatchObject({
    ...{ attemptTimeoutMs: 15_000, signatureValidityMs: 900_000, maxClockSkewMs: 60_000 },
    ...{ maxRequestMs: 30_000, refreshMs: 300_000, replyTo: undefined },
    rate: { perSecond: undefined, share: 1 },
  });
  expect(mailerSettings({ from: "a@b.org", sendRate: false }, "sesMailer").rate).toBeUndefined();
});

describe("a client", () => {
  const v1 = safeSesClient({ region: "eu-west-2", credentials });
  const v2 = safeSesV2Client({ region: "eu-west-2", credentials });
  const make = {
    v1: (client: unknown) => sesMailer({ client: client as typeof v1, from: "a@b.org" }),
    v2: (client: unknown) => sesV2Mailer({ client: client as typeof v2, from: "a@b.org" }),
  };

  it("of the other API is refused by name", () => {
    expect(() => make.v1(v2)).toThrow(
      "sesMailer: client is an SESv2Client; give an SESClient, such as safeSesClient()",
    );
    expect(() => make.v1(v2)).toThrow("or pass this one to sesV2Mailer");
    expect(() => make.v2(v1)).toThrow(
      "sesV2Mailer: client is an SESClient; give an SESv2Client, such as safeSesV2Client()",
    );
  });

  it("that is none is refused, and one of another kind is not judged by what it doesn't say", () => {
    expect(() => make.v1(undefined)).toThrow("sesMailer: client is missing; give an SESClient");
    expect(() => make.v2({ config: {} })).toThrow("sesV2Mailer: client has no send()");
    expect(() => make.v1({ config: {}, send: () => undefined })).not.toThrow();
  });
});

describe("the second API's own options", () => {
  const client = safeSesV2Client({ region: "eu-west-2", credentials });
  it.each([
    [{ tenantName: "" }, 'sesV2Mailer: tenantName is ""'],
    [{ listManagement: { contactListName: "a b" } }, "sesV2Mailer: listManagement.contactListName"],
    [
      { listManagement: { contactListName: "a", topicName: "" } },
      "sesV2Mailer: listManagement.topicName",
    ],
  ])("are refused where they can't be right: %j", (options, text) => {
    expect(() => sesV2Mailer({ client, from: "a@b.org", ...options })).toThrow(text);
  });
});

describe("a safe client", () => {
  it.each([
    ["safeSesClient", safeSesClient],
    ["safeSesV2Client", safeSesV2Client],
  ])("%s takes no limit that isn't one", (name, make) => {
    const region = "eu-west-2";
    expect(() => make({ region, timeouts: { requestTimeout: Number.NaN } })).toThrow(
      `${name}: timeouts.requestTimeout is NaN`,
    );
    expect(() => make({ region, maxSockets: 0 })).toThrow(`${name}: maxSockets is 0`);
  });
});
