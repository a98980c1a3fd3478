import { ConfigurationError } from "@exactly-once/core";
import { describe, expect, it, onTestFinished } from "vitest";
import { SesUnavailableError } from "../errors/ses-unavailable-error.js";
import type { Fault, LocalSesOptions } from "../testing/index.js";
import { sesFixture } from "../testing/local-ses.fixture.js";
import { faultyServer, httpAnswer } from "../wire/faulty-server.fixture.js";
import { actionsOf, bothApis, mailerFixture, type ClientOptions } from "./mailer.fixture.js";

const { startSes } = sesFixture(onTestFinished);
const { bring } = mailerFixture(onTestFinished);
const serve = faultyServer(onTestFinished);

const refusal = (code: string, message: string, status = 403): Fault => ({
  ...{ kind: "refusal", code, message, status },
});

describe.each(bothApis)("a check at start on %s", (api) => {
  const { account } = actionsOf[api];

  const verify = async (options: LocalSesOptions = {}, client: ClientOptions = {}) => {
    const ses = await startSes(options);
    const { mailer } = bring(api, ses.endpoint, client);
    const error = await mailer.verify().catch((thrown: unknown) => thrown);
    return { ses, error };
  };
  const answering = (fault: Fault): LocalSesOptions => ({
    faults: [{ fault, when: { on: "every" }, actions: [account] }],
  });

  it("passes where SES answers, and sends no email", async () => {
    const { ses, error } = await verify();
    expect(error).toBeUndefined();
    expect(ses.requests().map(({ action }) => action)).toEqual([account]);
  });

  it.each<readonly [string, Fault, RegExp]>([
    ["denied", refusal("AccessDenied", "not authorized"), /\(AccessDenied\).*allow ses:/],
    ["of nobody SES knows", refusal("InvalidClientTokenId", "x"), /check region and credentials/],
    [
      "of somebody else's secret",
      refusal("SignatureDoesNotMatch", "The request signature we calculated does not match"),
      /check region and credentials/,
    ],
  ])("that is %s refuses the start, and says what to mend", async (_, fault, text) => {
    const { error } = await verify(answering(fault));
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(String(error)).toMatch(text);
    expect(String(error)).toContain(account);
  });

  it("without credentials refuses the start", async () => {
    const credentials = () => Promise.reject(new Error("no credentials"));
    const { ses, error } = await verify({}, { credentials });
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(ses.requests()).toEqual([]);
  });

  it("that meets something else than SES refuses the start", async () => {
    const page = httpAnswer("404 Not Found", "<html></html>", { "content-type": "text/html" });
    const { endpoint } = await serve({ onRequest: ({ socket }) => void socket.write(page) });
    const error = await bring(api, endpoint)
      .mailer.verify()
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(String(error)).toMatch(/isn't SES; check the endpoint/);
  });

  it.each<readonly [string, Fault]>([
    ["throttled", "throttle"],
    ["unavailable", "503"],
    ["at fault", "500-before-accept"],
    ["cut off", "reset-before-accept"],
  ])("that finds SES %s passes by itself: it is to be made again", async (_, fault) => {
    const { error } = await verify(answering(fault));
    expect(error).toBeInstanceOf(SesUnavailableError);
    expect(String(error)).toContain(account);
  });

  it("that nobody waits for any more hangs up, and leaves nothing under way", async () => {
    const connected = { open: 0, requests: 0 };
    const { endpoint } = await serve({
      onRequest: ({ socket }) => {
        connected.requests += 1;
        connected.open += 1;
        socket.on("close", () => (connected.open -= 1));
      },
    });
    const { mailer } = bring(api, endpoint);
    const stopped = new AbortController();
    const verifying = mailer.verify({ signal: stopped.signal });
    await expect.poll(() => connected.requests).toBe(1);
    stopped.abort();
    await verifying;
    await expect.poll(() => connected.open).toBe(0);
  });

  it("that finds the account stopped waits for it, where SES says so", async () => {
    const { error } = await verify({ sendingEnabled: false });
    if (api === "v1") expect(error).toBeUndefined();
    else {
      expect(error).toBeInstanceOf(SesUnavailableError);
      expect(String(error)).toMatch(/stopped this account's sending/);
    }
  });
});
