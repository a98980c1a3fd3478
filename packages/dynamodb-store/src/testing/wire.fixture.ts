import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { createServer, request as httpRequest, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

/** What becomes of a request on its way to DynamoDB. */
export type Fate =
  | "well"
  /** Refused as too much, by DynamoDB itself: nothing is executed. */
  | "throttled"
  /** Executed, and the connection ends before the answer. */
  | "answerLost"
  /** Executed, and then once more: a proxy repeated it. The second answer arrives. */
  | "twice"
  /** Neither executed nor answered until the client gives up. */
  | "swallowed"
  /** A fault of the server, after which nobody knows. */
  | "failed";

/** What stands between a client and DynamoDB: it counts requests, and brings them to grief. */
export interface Wire {
  /** `PutItem` and so on, in order, repetitions included. */
  readonly requests: string[];
  /** Of the next requests, first first; then all is well. */
  readonly fates: Fate[];
  /** Its `Date` header is off by so many ms. */
  dateOffMs: number;
  client(over?: { readonly maxAttempts?: number }): DynamoDBClient;
  stop(): Promise<void>;
}

export async function wireTo(endpoint: string): Promise<Wire> {
  const fates: Fate[] = [];
  const requests: string[] = [];
  const clients: DynamoDBClient[] = [];
  const state = { dateOffMs: 0 };

  const server = createServer((request, response) => {
    void (async () => {
      const body = await buffer(request);
      requests.push(String(request.headers["x-amz-target"]).split(".").at(-1) ?? "");
      const fate = fates.shift() ?? "well";
      if (fate === "swallowed") return;
      if (fate === "throttled" || fate === "failed") {
        const type = fate === "throttled" ? "ThrottlingException" : "InternalServerError";
        response.writeHead(fate === "throttled" ? 400 : 500, {
          "content-type": "application/x-amz-json-1.0",
        });
        response.end(JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${type}` }));
        return;
      }
      let answer = await forward(endpoint, request, body);
      if (fate === "twice") answer = await forward(endpoint, request, body);
      if (fate === "answerLost") {
        request.socket.destroy();
        return;
      }
      const date = new Date(Date.now() + state.dateOffMs).toUTCString();
      response.writeHead(answer.status, { ...answer.headers, date });
      response.end(answer.body);
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;

  return {
    requests,
    fates,
    get dateOffMs() {
      return state.dateOffMs;
    },
    set dateOffMs(ms) {
      state.dateOffMs = ms;
    },
    client: ({ maxAttempts = 1 } = {}) => {
      const client = new DynamoDBClient({
        endpoint: `http://127.0.0.1:${port}`,
        region: "us-east-1",
        credentials: { accessKeyId: "test", secretAccessKey: "test" },
        maxAttempts,
      });
      clients.push(client);
      return client;
    },
    stop: async () => {
      for (const client of clients) client.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

async function forward(
  endpoint: string,
  { method, headers }: IncomingMessage,
  body: Buffer,
): Promise<Answer> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const request = httpRequest(endpoint, { method, headers }, resolve).on("error", reject);
    request.end(body);
  });
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    body: await buffer(response),
  };
}
