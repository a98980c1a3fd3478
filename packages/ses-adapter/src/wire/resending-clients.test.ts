import { SESClient, type SESClientConfig } from "@aws-sdk/client-ses";
import { ConfigurationError } from "@exactly-once/core";
import { describe, expect, it, onTestFinished } from "vitest";
import { attemptOf } from "../mailer/attempt.fixture.js";
import { credentials, email, mailerFixture } from "../mailer/mailer.fixture.js";
import { safeTimeouts } from "./safe-settings.js";
import { SesUnavailableError } from "../errors/ses-unavailable-error.js";
import { sesFixture } from "../testing/local-ses.fixture.js";

const { startSes } = sesFixture(onTestFinished);
const { clientOf, mailerOf } = mailerFixture(onTestFinished);

const requestHandler = { ...safeTimeouts, throwOnRequestTimeout: true };

const token = (count: number) => ({ getRetryCount: () => count, getRetryDelay: () => 0 });

/** Resends whatever fails, while the client's own setting says one attempt. */
const stubborn = () => {
  let count = 0;
  return {
    mode: "stubborn",
    acquireInitialRetryToken: () => Promise.resolve(token(0)),
    refreshRetryTokenForRetry: () => Promise.resolve(token((count += 1))),
    recordSuccess: () => undefined,
  };
};

/** The older kind of strategy runs the request itself. */
const stubbornOldStyle = {
  mode: "stubborn",
  retry: async (next: (args: never) => Promise<never>, args: never) => {
    for (let tries = 1; ; tries += 1) {
      try {
        return await next(args);
      } catch (error) {
        if (tries === 4) throw error;
      }
    }
  },
};

const unsafe: Readonly<Record<string, Partial<SESClientConfig>>> = {
  "the SDK's default retries": {},
  "a custom retry strategy": { maxAttempts: 1, retryStrategy: stubborn() },
  "a custom retry strategy of the older kind": {
    maxAttempts: 1,
    retryStrategy: stubbornOldStyle as never,
  },
};

const start = async (config: Partial<SESClientConfig>) => {
  const ses = await startSes();
  const { endpoint } = ses;
  const client = new SESClient({
    ...{ endpoint, region: "eu-west-2", credentials, requestHandler },
    ...config,
  });
  onTestFinished(() => client.destroy());
  return { ses, client, mailer: mailerOf(client) };
};

/** The text of the configuration error that a start with this client ends in. */
const refusal = async (mailer: { verify(): Promise<void> }) => {
  const error = await mailer.verify().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error instanceof ConfigurationError).toBe(true);
  return String(error);
};

describe.each(Object.keys(unsafe))("a client with %s", (name) => {
  const config = unsafe[name] ?? {};

  it("still sends one request for one email", async () => {
    const { ses, mailer } = await start(config);
    ses.faults.set([{ fault: "500-after-accept", when: { on: "every" } }]);
    const outcome = await mailer.send(await mailer.prepare(email), attemptOf());
    expect(outcome).toEqual({ status: "unknown", reason: "clientResent" });
    expect([ses.accepted(), ses.requests().length]).toEqual([1, 1]);
  });

  it("is refused at start", async () => {
    const { mailer } = await start(config);
    expect(await refusal(mailer)).toMatch(/resends by itself.*safeSesClient/);
  });
});

describe("a client with a middleware that resends", () => {
  it("still sends one request for one email, and is refused at start", async () => {
    const { ses, client, mailer } = await start({ maxAttempts: 1 });
    client.middlewareStack.add(
      (next) => async (args) => {
        try {
          return await next(args);
        } catch {
          return next(args);
        }
      },
      { step: "deserialize", priority: "low", name: "resender" },
    );
    expect(await refusal(mailer)).toMatch(/resends by itself/);
    ses.faults.set([{ fault: "accept-then-drop", when: { on: "every" } }]);
    const outcome = await mailer.send(await mailer.prepare(email), attemptOf());
    expect(outcome).toEqual({ status: "unknown", reason: "clientResent" });
    expect(ses.accepted()).toBe(1);
  });
});

describe("the check at start", () => {
  it("passes a safe client and sends no email", async () => {
    const ses = await startSes();
    await mailerOf(clientOf(ses.endpoint)).verify();
    expect(ses.requests().map(({ action }) => action)).toEqual(["GetSendQuota"]);
  });

  it("names every timeout that is missing", async () => {
    const { mailer } = await start({ maxAttempts: 1, requestHandler: {} });
    const text = await refusal(mailer);
    for (const setting of ["connectionTimeout", "requestTimeout", "throwOnRequestTimeout"]) {
      expect(text).toContain(setting);
    }
  });

  it("refuses timeouts that outlast a lease", async () => {
    const { mailer } = await start({
      maxAttempts: 1,
      requestHandler: { ...requestHandler, requestTimeout: 120_000 },
    });
    expect(await refusal(mailer)).toMatch(/requestTimeout is 120000 ms, more than 30000 ms/);
  });

  it("asks again later where SES doesn't answer, and says so", async () => {
    const { ses, mailer } = await start({ maxAttempts: 1 });
    await ses.close();
    const error = await mailer.verify().catch((thrown: unknown) => thrown);
    expect(error instanceof SesUnavailableError).toBe(true);
    expect(String(error)).toMatch(/sesMailer: SES did not answer GetSendQuota \(connectFailed\)/);
  });

  it("refuses a client that keeps its middleware from request to request", () => {
    const client = new SESClient({ region: "eu-west-2", cacheMiddleware: true });
    onTestFinished(() => client.destroy());
    expect(() => mailerOf(client)).toThrow(/sesMailer: .*cacheMiddleware/);
  });
});
