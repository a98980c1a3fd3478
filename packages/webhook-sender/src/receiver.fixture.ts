import type { SenderFault } from "@exactly-once/core/testing";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A webhook as it came. */
export interface Received {
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
}

/** What to answer instead of 200, and whether it was taken. */
const answers = {
  refused: 422,
  throttled: 429,
  serverError: 500,
} as const;

/** A receiver of webhooks over HTTP, which dedupes on the webhook-id where it says so. */
export async function startReceiver({ dedupes = false } = {}) {
  const received: Received[] = [];
  const taken = new Map<string, number>();
  let strike: SenderFault | undefined;
  let requests = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      requests += 1;
      const fault = strike;
      strike = undefined;
      const { headers, socket } = request;
      received.push({ headers, body: Buffer.concat(chunks).toString() });
      const id = String(headers["webhook-id"]);
      if (fault === undefined || fault.startsWith("accepted")) {
        taken.set(id, dedupes ? 1 : (taken.get(id) ?? 0) + 1);
      }
      if (fault === "acceptedButReplyLost" || fault === "lostBeforeAcceptance") {
        return void socket.resetAndDestroy();
      }
      const status = fault !== undefined && fault in answers ? answers[fault as "refused"] : 200;
      response.writeHead(status, { "content-type": "application/json" });
      response.end(fault === "acceptedWithoutProof" ? "" : JSON.stringify({ id: `r-${id}` }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const close = (): Promise<void> => new Promise((resolve) => void server.close(() => resolve()));
  return {
    url: `http://127.0.0.1:${port}/hooks`,
    received,
    strike: async (fault: SenderFault) => {
      strike = fault;
      if (fault === "unreachable") await close();
    },
    requests: () => requests,
    accepted: () => [...taken.values()].reduce((sum, count) => sum + count, 0),
    close,
  };
}
