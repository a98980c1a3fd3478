import { createHash } from "node:crypto";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import type { SQSClient } from "@aws-sdk/client-sqs";

import { testClient } from "./local-sqs.fixture.js";

/** What the fake endpoint does with one request. */
export type FakeAnswer =
  | {
      readonly status?: number;
      readonly json: unknown;
      readonly headers?: Record<string, string>;
      readonly delayMs?: number;
    }
  | { readonly status: number; readonly text: string }
  | "reset"
  | "hang";

export interface FakeRequest {
  /** The API action, such as `ReceiveMessage`. */
  readonly action: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly userAgent: string;
  readonly authorization: string;
}

/** An endpoint that answers as a test says, for what no emulator does: refusals, faults, silence. */
export interface FakeSqs {
  readonly client: SQSClient;
  readonly endpoint: string;
  readonly queueUrl: string;
  readonly requests: readonly FakeRequest[];
  answer(respond: (request: FakeRequest) => FakeAnswer): void;
  /** Cuts every connection, as a load balancer does with idle ones. */
  cutConnections(): void;
  close(): Promise<void>;
}

/** An error as SQS writes it in the AWS JSON 1.0 protocol, in its query-compatible mode. */
export function sqsError(
  shape: string,
  message: string,
  { status = 400, queryCode = shape }: { status?: number; queryCode?: string } = {},
): FakeAnswer {
  const fault = status < 500 ? "Sender" : "Receiver";
  return {
    status,
    json: { __type: `com.amazonaws.sqs#${shape}`, message },
    headers: { "x-amzn-query-error": `${queryCode};${fault}` },
  };
}

/** The plainest success. The SDK takes a `SendMessage` for failed unless the checksum is right. */
export function sqsOk({ action, input }: FakeRequest): FakeAnswer {
  if (action !== "SendMessage") return { json: {} };
  return { json: { MessageId: "sent-1", MD5OfMessageBody: md5(String(input["MessageBody"])) } };
}

/** A message in an answer to `ReceiveMessage`. */
export function sqsMessage(fields: { readonly Body: string } & Record<string, unknown>) {
  return {
    MessageId: "m-1",
    ReceiptHandle: "h-1",
    MD5OfBody: md5(fields.Body),
    ...fields,
  };
}

export async function startFakeSqs(name = "orders"): Promise<FakeSqs> {
  const requests: FakeRequest[] = [];
  let respond: (request: FakeRequest) => FakeAnswer = sqsOk;
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      const target = String(incoming.headers["x-amz-target"]);
      const request = {
        action: target.replace("AmazonSQS.", ""),
        input: JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>,
        userAgent: String(incoming.headers["user-agent"]),
        authorization: String(incoming.headers["authorization"]),
      };
      requests.push(request);
      const answer = respond(request);
      const delayMs = (typeof answer === "object" && "json" in answer && answer.delayMs) || 0;
      setTimeout(() => {
        write(answer, response);
      }, delayMs);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = testClient(endpoint);
  return {
    client,
    endpoint,
    queueUrl: `${endpoint}/123456789012/${name}`,
    requests,
    answer(next) {
      respond = next;
    },
    cutConnections() {
      server.closeAllConnections();
    },
    async close() {
      client.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const md5 = (text: string) => createHash("md5").update(text).digest("hex");

function write(answer: FakeAnswer, response: ServerResponse): void {
  if (answer === "hang") return;
  if (answer === "reset") {
    response.socket?.resetAndDestroy();
    return;
  }
  const json = "json" in answer;
  response.writeHead(answer.status ?? 200, {
    "content-type": json ? "application/x-amz-json-1.0" : "text/html",
    ...(json ? answer.headers : {}),
  });
  response.end(json ? JSON.stringify(answer.json) : answer.text);
}
