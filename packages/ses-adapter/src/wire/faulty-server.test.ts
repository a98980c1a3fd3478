import { createVirtualClock } from "@exactly-once/core/testing";
import { systemClock, type Outcome } from "@exactly-once/core/ports";
import { describe, expect, it, onTestFinished } from "vitest";
import { runningOut } from "../../../../scripts/test-time.js";
import { attemptOf } from "../mailer/attempt.fixture.js";
import {
  bothApis,
  credentials,
  email,
  mailerFixture,
  type ApiName,
} from "../mailer/mailer.fixture.js";
import type { MailerOptions } from "../mailer/options.js";
import { answersOf } from "./answers.fixture.js";
import { faultyServer, httpAnswer, type FaultyServerOptions } from "./faulty-server.fixture.js";

const { bring } = mailerFixture(onTestFinished);
const serve = faultyServer(onTestFinished);

/** No limit of the client ends anything: what is to end a call is the mailer's own limit. */
const patient = { connectionTimeout: 120_000, requestTimeout: 120_000, socketTimeout: 120_000 };

const start = async (
  api: ApiName,
  server: FaultyServerOptions,
  options: Partial<MailerOptions> & { readonly timeouts?: typeof patient } = {},
) => {
  const { seen, endpoint } = await serve(server);
  const { timeouts, ...mailerOptions } = options;
  const { mailer } = bring(api, endpoint, timeouts ? { timeouts } : {}, mailerOptions);
  const send = async (n = 1) =>
    mailer.send(await mailer.prepare(email), attemptOf({ attemptNumber: n }));
  return { seen, mailer, send };
};

interface HandlerConfigs {
  httpHandlerConfigs(): { readonly httpsAgent: { readonly options: { readonly timeout: number } } };
}

const told = (outcome: Outcome) =>
  outcome.status === "accepted" ? "accepted" : `${outcome.status} ${outcome.reason}`;

describe.each(bothApis)("a server that misbehaves towards a mailer on %s", (api) => {
  const { accepted, refused, contentType } = answersOf[api];
  const page = "<!doctype html><br><p>Please sign in.</html>";
  const ok = (body: string, headers: Readonly<Record<string, string | number>> = {}) =>
    httpAnswer("200 OK", body, { "content-type": contentType, ...headers });
  const cut = accepted("0100-abc").indexOf("0100-abc") + 4;

  it.each<readonly [string, FaultyServerOptions, string]>([
    [
      "resets the connection before it has the body",
      {
        onHead: ({ socket }) => {
          socket.resetAndDestroy();
          return true;
        },
      },
      "unknown connectionLost",
    ],
    [
      "resets the connection instead of an answer",
      { onRequest: ({ socket }) => socket.resetAndDestroy() },
      "unknown connectionLost",
    ],
    [
      "ends the connection instead of an answer",
      { onRequest: ({ socket }) => void socket.end() },
      "unknown connectionLost",
    ],
    [
      "cuts an acceptance short of its length",
      {
        onRequest: ({ socket }) => {
          const body = accepted("0100-abc");
          socket.end(ok(body.slice(0, cut), { "content-length": Buffer.byteLength(body) }));
        },
      },
      "unknown unreadableReply",
    ],
    [
      "resets the connection within an acceptance",
      {
        onRequest: ({ socket }) => {
          const answer = ok(accepted("0100-abc"), { "content-length": 5_000 });
          socket.write(answer, () => socket.resetAndDestroy());
        },
      },
      "unknown unreadableReply",
    ],
    [
      "cuts the text of an acceptance",
      { onRequest: ({ socket }) => void socket.write(ok(accepted("0100-abc").slice(0, cut))) },
      "unknown unreadableReply",
    ],
    [
      "answers 200 and nothing more",
      { onRequest: ({ socket }) => void socket.write(ok("")) },
      "unknown noMessageId",
    ],
    [
      "answers an acceptance of nothing",
      { onRequest: ({ socket }) => void socket.write(ok(accepted(""))) },
      "unknown noMessageId",
    ],
    [
      "answers 403 with a proxy's page",
      {
        onRequest: ({ socket }) =>
          void socket.write(httpAnswer("403 Forbidden", page, { "content-type": "text/html" })),
      },
      "unknown status403",
    ],
    [
      "answers 403 with a proxy's JSON",
      {
        onRequest: ({ socket }) =>
          void socket.write(
            httpAnswer("403 Forbidden", '{"code":"AccessDenied","message":"by the proxy"}', {
              "content-type": "application/json",
            }),
          ),
      },
      "unknown status403",
    ],
    [
      "answers 404 with nothing",
      { onRequest: ({ socket }) => void socket.write(httpAnswer("404 Not Found", "")) },
      "unknown status404",
    ],
    [
      "answers 400 with an error without a code",
      { onRequest: ({ socket }) => void socket.write(refused("")) },
      "unknown status400",
    ],
    [
      "redirects to another place",
      {
        onRequest: ({ socket }) =>
          void socket.write(httpAnswer("302 Found", "", { location: "http://127.0.0.1:1/" })),
      },
      "unknown status302",
    ],
    [
      "redirects for good",
      {
        onRequest: ({ socket }) =>
          void socket.write(
            httpAnswer("308 Permanent Redirect", "", { location: "http://127.0.0.1:1/" }),
          ),
      },
      "unknown status308",
    ],
    [
      "answers 500 with a code of SES's",
      {
        onRequest: ({ socket }) =>
          void socket.write(refused("Throttling", "m", "500 Internal Server Error")),
      },
      "unknown status500",
    ],
    [
      "answers 503 with a page",
      {
        onRequest: ({ socket }) =>
          void socket.write(
            httpAnswer("503 Service Unavailable", page, { "content-type": "text/html" }),
          ),
      },
      "unknown status503",
    ],
    [
      "answers 400 as SES",
      { onRequest: ({ socket }) => void socket.write(refused("AccessDenied")) },
      "rejected AccessDenied",
    ],
  ])("%s: one request, and the truth about it", async (_, server, outcome) => {
    const { seen, send } = await start(api, server);
    expect(told(await send())).toBe(outcome);
    expect(seen.requests).toBe(1);
  });

  it.each<readonly [string, FaultyServerOptions]>([
    ["never answers", { onRequest: () => undefined }],
    [
      "never ends the head of its answer",
      { onRequest: ({ socket }) => void socket.write("HTTP/1.1 200 OK\r\nx") },
    ],
    [
      "never ends its answer",
      {
        onRequest: ({ socket }) => {
          socket.write(ok("", { "content-length": 5_000 }));
          const trickle = setInterval(() => socket.write("<"), 20);
          socket.on("close", () => clearInterval(trickle));
        },
      },
    ],
  ])("%s: the call ends by the mailer's own limit", async (_, server) => {
    const { seen, send } = await start(api, server, { timeouts: patient, maxRequestMs: 300 });
    const once = () => seen.requests === 1;
    expect((await runningOut(() => send(), { ms: 300, once })).status).toBe("unknown");
    expect(seen.requests).toBe(1);
  });

  it("answers without end: the call ends by its size", async () => {
    let written = 0;
    const chunk = Buffer.alloc(64 * 1_024, 32);
    const { seen, send } = await start(
      api,
      {
        onRequest: ({ socket }) => {
          socket.write(ok("", { "content-length": 10_000_000_000 }));
          const feed = () => {
            do written += chunk.byteLength;
            while (!socket.destroyed && socket.write(chunk));
          };
          socket.on("drain", feed);
          feed();
        },
      },
      { timeouts: patient, maxRequestMs: 120_000 },
    );
    expect(told(await send())).toBe("unknown unreadableReply");
    expect(seen.requests).toBe(1);
    // What the sockets' buffers hold, and no more.
    expect(written).toBeLessThan(20_000_000);
  });

  it("closes what was idle: the next email goes out on a connection of its own", async () => {
    let jumpedMs = 0;
    const system = systemClock();
    const clock = { ...system, now: () => system.now() + jumpedMs };
    const { seen, send } = await start(
      api,
      {
        // As after a freeze: the far end has forgotten the connection, and resets what comes on it.
        onHead: ({ socket, onConnection }) => {
          if (onConnection === 1) return false;
          socket.resetAndDestroy();
          return true;
        },
        onRequest: ({ socket }) => void socket.write(ok(accepted("0100-abc"))),
      },
      { clock },
    );
    expect(told(await send())).toBe("accepted");
    jumpedMs = 60_000;
    expect(told(await send(2))).toBe("accepted");
    expect(seen).toEqual({ connections: 2, requests: 2 });
  });
});

describe("a safe client", () => {
  it.each(bothApis)("closes idle connections by itself (%s)", async (api) => {
    const { client } = bring(api, "http://127.0.0.1:1");
    await client.config.requestHandler.handle({} as never).catch(() => undefined);
    const { httpsAgent } = (client.config.requestHandler as unknown as HandlerConfigs)
      // Known once a request was made.
      .httpHandlerConfigs();
    expect(httpsAgent.options.timeout).toBe(4_000);
  });
});

describe("a call that hangs before anything was written", () => {
  it.each(bothApis)("is unsent, and stays so when it wakes (%s)", async (api) => {
    const { accepted, contentType } = answersOf[api];
    const { seen, endpoint } = await serve({
      onRequest: ({ socket }) =>
        void socket.write(
          httpAnswer("200 OK", accepted("0100-abc"), { "content-type": contentType }),
        ),
    });
    const clock = createVirtualClock();
    let wake: () => void = () => undefined;
    const asleep = new Promise<void>((resolve) => (wake = resolve));
    const { mailer } = bring(
      api,
      endpoint,
      { credentials: async () => asleep.then(() => credentials) },
      { clock, maxRequestMs: 10_000 },
    );
    const prepared = await mailer.prepare(email);
    const outcome = await clock.run(mailer.send(prepared, attemptOf()));
    expect(told(outcome)).toBe("rejected beforeRequest:TimeoutError");
    wake();
    // By the time that another one has gone all the way, it would have been seen.
    const other = bring(api, endpoint).mailer;
    expect(told(await other.send(prepared, attemptOf({ attemptNumber: 2 })))).toBe("accepted");
    expect(seen.requests).toBe(1);
  });
});
