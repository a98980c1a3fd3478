import type { Outcome } from "@exactly-once/core/ports";
import { Agent, createServer, type Server } from "node:http";
import { createServer as createTcpServer, type AddressInfo, type Socket } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { SESClient } from "@aws-sdk/client-ses";
import { attemptOf } from "../mailer/attempt.fixture.js";
import { credentials, email, mailerFixture } from "../mailer/mailer.fixture.js";

const { clientOf, mailerOf } = mailerFixture(onTestFinished);

const outcomeAt = async (client: SESClient): Promise<Outcome> => {
  const mailer = mailerOf(client);
  return mailer.send(await mailer.prepare(email), attemptOf());
};

const listen = async (server: Pick<Server, "listen" | "address" | "close">) => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
};

/** A server that isn't SES. */
const answering = async (status: number, type: string, body: string) => {
  const server = createServer((request, response) => {
    request.resume().on("end", () => {
      response.writeHead(status, { "content-type": type, connection: "close" }).end(body);
    });
  });
  return `http://${await listen(server)}`;
};

describe("an SES that was never reached got nothing", () => {
  it("when its name isn't known", async () => {
    expect(await outcomeAt(clientOf("http://ses.invalid"))).toEqual({
      status: "rejected",
      reason: "dnsFailed",
    });
  });

  it("when it refuses the connection", async () => {
    const server = createServer();
    const address = await listen(server);
    await new Promise((resolve) => server.close(resolve));
    expect(await outcomeAt(clientOf(`http://${address}`))).toEqual({
      status: "rejected",
      reason: "connectFailed",
    });
  });

  it("when every one of its addresses refuses", async () => {
    const server = createServer();
    const { port } = new URL(`http://${await listen(server)}`);
    await new Promise((resolve) => server.close(resolve));
    const lookup = (_host: string, _options: unknown, done: (...found: unknown[]) => void) => {
      done(null, [
        { address: "127.0.0.1", family: 4 },
        { address: "127.0.0.2", family: 4 },
      ]);
    };
    const client = new SESClient({
      ...{ endpoint: `http://two.example:${port}`, region: "eu-west-2", credentials },
      maxAttempts: 1,
      requestHandler: { httpAgent: new Agent({ lookup: lookup as never }) },
    });
    onTestFinished(() => client.destroy());
    expect(await outcomeAt(client)).toEqual({ status: "rejected", reason: "connectFailed" });
  });

  // Holds the installed HTTP handler to the wording by which alone this timeout is known.
  it("when connecting takes too long", async () => {
    const never = () => undefined;
    const client = new SESClient({
      ...{ endpoint: "http://slow.example", region: "eu-west-2", credentials },
      maxAttempts: 1,
      requestHandler: {
        ...{ connectionTimeout: 50, requestTimeout: 5_000, throwOnRequestTimeout: true },
        httpAgent: new Agent({ lookup: never }),
      },
    });
    onTestFinished(() => client.destroy());
    expect(await outcomeAt(client)).toEqual({ status: "rejected", reason: "connectTimedOut" });
  });
});

describe("something that isn't SES", () => {
  it("and fails the TLS handshake leaves the outcome unknown", async () => {
    const plain = await answering(200, "text/plain", "no TLS here");
    const { status } = await outcomeAt(clientOf(plain.replace("http:", "https:")));
    expect(status).toBe("unknown");
  });

  it("and ends the connection in the handshake leaves the outcome unknown", async () => {
    const sockets: Socket[] = [];
    const address = await listen(
      createTcpServer((socket) => {
        sockets.push(socket);
        socket.on("error", () => undefined).once("data", () => socket.destroy());
      }) as unknown as Server,
    );
    expect(await outcomeAt(clientOf(`https://${address}`))).toEqual({
      status: "unknown",
      reason: "connectionLost",
    });
    expect(sockets).toHaveLength(1);
  });

  const ses = (code: string) =>
    `<ErrorResponse xmlns="http://ses.amazonaws.com/doc/2010-12-01/"><Error><Type>Sender</Type>` +
    `${code}<Message>m</Message></Error><RequestId>r</RequestId></ErrorResponse>`;

  it.each([
    ["a proxy's page", 403, "text/html", "<html><body><p>Denied</p></body></html>"],
    ["a proxy's broken page", 403, "text/html", "<!doctype html><br><p>Denied</html>"],
    ["a page for a wrong path", 404, "text/html", "<html></html>"],
    ["an empty 400", 400, "text/xml", ""],
    ["JSON", 400, "application/json", '{"__type":"Throttling"}'],
    ["an error without a code", 400, "text/xml", ses("")],
    ["an error cut in the code", 400, "text/xml", "<ErrorResponse><Error><Code>Mess"],
    ["a redirect", 302, "text/html", ""],
    ["a code behind a 500", 500, "text/xml", ses("<Code>Throttling</Code>")],
  ])("and answers %s leaves the outcome unknown", async (_, status, type, body) => {
    const outcome = await outcomeAt(clientOf(await answering(status, type, body)));
    expect(outcome).toEqual({ status: "unknown", reason: `status${status}` });
  });

  it.each([
    ["AccountSendingPaused", { throttle: { scope: "quota", retryAfterMs: 300_000 } }],
    ["ConfigurationSetSendingPaused", { throttle: { scope: "quota", retryAfterMs: 300_000 } }],
    ["MailFromDomainNotVerified", { throttle: { scope: "quota", retryAfterMs: 300_000 } }],
    ["ConfigurationSetDoesNotExist", { throttle: { scope: "quota", retryAfterMs: 300_000 } }],
    ["InvalidParameterValue", { permanent: true }],
    ["MessageRejected", { permanent: true }],
    ["AccessDenied", { throttle: { scope: "quota", retryAfterMs: 60_000 } }],
    ["ExpiredToken", { throttle: { scope: "quota", retryAfterMs: 60_000 } }],
    ["SignatureDoesNotMatch", {}],
    ["RequestExpired", {}],
    ["Throttling", { throttle: { scope: "rate", retryAfterMs: 1_000 } }],
  ])("%s of SES itself is a rejection", async (code, rest) => {
    const endpoint = await answering(400, "text/xml", ses(`<Code>${code}</Code>`));
    expect(await outcomeAt(clientOf(endpoint))).toEqual({
      status: "rejected",
      reason: code,
      ...rest,
    });
  });
});
