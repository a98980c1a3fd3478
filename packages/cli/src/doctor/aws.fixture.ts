import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** What Lambda and Cognito say, in their wire protocols; all else goes on to an emulator. */
export interface FakeAws {
  readonly endpoint: string;
  /** Event source mappings as `ListEventSourceMappings` writes them. */
  mappings: readonly Readonly<Record<string, unknown>>[];
  /** Seconds, for every function. */
  functionTimeout: number;
  reservedConcurrency: number | undefined;
  users: number;
  /** Actions that are denied. */
  denied: ReadonlySet<"lambda" | "cognito">;
  close(): Promise<void>;
}

/** @param emulator speaks SQS and SNS */
export async function startFakeAws(emulator: string): Promise<FakeAws> {
  const server = createServer((request, response) => {
    void answer(request, response);
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://127.0.0.1");
    const target = String(request.headers["x-amz-target"] ?? "");
    const body = await text(request);
    if (url.pathname.startsWith("/2015-03-31/") || url.pathname.startsWith("/2019-09-30/")) {
      reply(response, fake.denied.has("lambda") ? DENIED : lambda(url));
    } else if (target.startsWith("AWSCognitoIdentityProviderService.")) {
      reply(response, fake.denied.has("cognito") ? DENIED : cognito());
    } else {
      await forward(emulator + (request.url ?? ""), request, body, response);
    }
  }

  function lambda(url: URL): Answer {
    if (url.pathname.endsWith("/event-source-mappings")) {
      const arn = url.searchParams.get("EventSourceArn");
      const found = fake.mappings.filter(({ EventSourceArn }) => EventSourceArn === arn);
      // A page of one, so that the next has to be asked for.
      const at = Number(url.searchParams.get("Marker") ?? 0);
      const more = at + 1 < found.length ? { NextMarker: String(at + 1) } : {};
      return { json: { EventSourceMappings: found.slice(at, at + 1), ...more } };
    }
    if (url.pathname.endsWith("/concurrency")) {
      return { json: { ReservedConcurrentExecutions: fake.reservedConcurrency } };
    }
    return { json: { FunctionName: "mailer", Timeout: fake.functionTimeout } };
  }

  const cognito = (): Answer => ({ json: { UserPool: { EstimatedNumberOfUsers: fake.users } } });

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const fake: FakeAws = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    mappings: [],
    functionTimeout: 30,
    reservedConcurrency: undefined,
    users: 0,
    denied: new Set(),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return fake;
}

interface Answer {
  readonly status?: number;
  readonly json: unknown;
}

const DENIED: Answer = {
  status: 403,
  json: { __type: "AccessDeniedException", message: "not authorized" },
};

function reply(response: ServerResponse, { status = 200, json }: Answer): void {
  const error = status >= 400 ? { "x-amzn-errortype": "AccessDeniedException" } : {};
  response.writeHead(status, { "content-type": "application/x-amz-json-1.1", ...error });
  response.end(JSON.stringify(json));
}

async function forward(
  url: string,
  { method = "GET", headers }: IncomingMessage,
  body: string,
  response: ServerResponse,
): Promise<void> {
  const passed = Object.entries(headers).flatMap(([name, value]): [string, string][] =>
    /^(host|connection|content-length|expect)$/.test(name) ? [] : [[name, String(value)]],
  );
  const answer = await fetch(url, {
    method,
    headers: passed,
    ...(body === "" ? {} : { body }),
  });
  const type = answer.headers.get("content-type") ?? "text/plain";
  const query = answer.headers.get("x-amzn-query-error");
  response.writeHead(answer.status, {
    "content-type": type,
    ...(query === null ? {} : { "x-amzn-query-error": query }),
  });
  response.end(await answer.text());
}
