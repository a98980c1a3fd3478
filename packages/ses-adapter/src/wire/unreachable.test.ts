import { SESClient } from "@aws-sdk/client-ses";
import { SESv2Client } from "@aws-sdk/client-sesv2";
import type { Outcome } from "@exactly-once/core/ports";
import { Agent } from "node:http";
import { describe, expect, it, onTestFinished } from "vitest";
import { attemptOf } from "../mailer/attempt.fixture.js";
import { bothApis, credentials, email, mailerFixture } from "../mailer/mailer.fixture.js";
import type { SesMailer } from "../mailer/mailer.js";
import { sesMailer } from "../mailer/ses-mailer.js";
import { sesV2Mailer } from "../mailer/ses-v2-mailer.js";
import { faultyServer, httpAnswer } from "./faulty-server.fixture.js";

const { bring } = mailerFixture(onTestFinished);
const serve = faultyServer(onTestFinished);

const send = async (mailer: SesMailer): Promise<Outcome> =>
  mailer.send(await mailer.prepare(email), attemptOf());

/** A port at which nobody listens any more. */
const deserted = async (): Promise<number> => {
  const { createServer } = await import("node:net");
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
};

describe.each(bothApis)("an SES that was never reached (%s) got nothing", (api) => {
  /** With an agent of one's own, which the safe clients don't take. */
  const withAgent = (endpoint: string, requestHandler: object): SesMailer => {
    const config = { endpoint, region: "eu-west-2", credentials, maxAttempts: 1, requestHandler };
    const from = "forms@example.com";
    if (api === "v1") {
      const client = new SESClient(config);
      onTestFinished(() => client.destroy());
      return sesMailer({ client, from });
    }
    const client = new SESv2Client(config);
    onTestFinished(() => client.destroy());
    return sesV2Mailer({ client, from });
  };

  it("when its name isn't known", async () => {
    expect(await send(bring(api, "http://ses.invalid").mailer)).toEqual({
      status: "rejected",
      reason: "dnsFailed",
    });
  });

  it("when it refuses the connection", async () => {
    const { mailer } = bring(api, `http://127.0.0.1:${await deserted()}`);
    expect(await send(mailer)).toEqual({ status: "rejected", reason: "connectFailed" });
  });

  it("when every one of its addresses refuses", async () => {
    const lookup = (_host: string, _options: unknown, done: (...found: unknown[]) => void) => {
      done(null, [
        { address: "127.0.0.1", family: 4 },
        { address: "127.0.0.2", family: 4 },
      ]);
    };
    const mailer = withAgent(`http://two.example:${await deserted()}`, {
      httpAgent: new Agent({ lookup: lookup as never }),
    });
    expect(await send(mailer)).toEqual({ status: "rejected", reason: "connectFailed" });
  });

  // Holds the installed HTTP handler to the wording by which alone this timeout is known.
  it("when connecting takes too long", async () => {
    const mailer = withAgent("http://slow.example", {
      ...{ connectionTimeout: 50, requestTimeout: 5_000, throwOnRequestTimeout: true },
      httpAgent: new Agent({ lookup: () => undefined }),
    });
    expect(await send(mailer)).toEqual({ status: "rejected", reason: "connectTimedOut" });
  });
});

describe.each(bothApis)("a TLS handshake (%s) leaves the outcome unknown", (api) => {
  it("when the other side doesn't speak it", async () => {
    const { endpoint } = await serve({
      onHead: ({ socket }) => socket.write(httpAnswer("400 Bad Request", "")),
    });
    const { mailer } = bring(api, endpoint.replace("http:", "https:"), {
      timeouts: { requestTimeout: 500, socketTimeout: 500 },
    });
    expect((await send(mailer)).status).toBe("unknown");
  });

  it("when the other side ends the connection within", async () => {
    const { createServer } = await import("node:net");
    let connections = 0;
    const server = createServer((socket) => {
      connections += 1;
      socket.on("error", () => undefined).once("data", () => socket.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as { port: number };
    const { mailer } = bring(api, `https://127.0.0.1:${port}`);
    expect(await send(mailer)).toEqual({ status: "unknown", reason: "connectionLost" });
    expect(connections).toBe(1);
  });
});
