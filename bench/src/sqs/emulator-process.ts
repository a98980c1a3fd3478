import { buildApp } from "fauxqs";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { childInput, serve } from "../child.js";

/** Requests by SQS action, as they came in over HTTP. */
export type RequestCounts = Readonly<Record<string, number>>;

export interface EmulatorFaults {
  /** Milliseconds added to each call. */
  readonly delayMs?: number;
  /** Actions that are answered with status 500 instead of being done; `"*"` is all. */
  readonly failing?: readonly string[];
}

childInput();
const app = buildApp({ logger: false });
const endpoint = await app.listen({ host: "127.0.0.1", port: 0 });

let faults: EmulatorFaults = {};
let counts: Record<string, number> = {};

// In front of the emulator's own listener: it counts what is on the wire, the SDK's retries too.
const handle = app.server.listeners("request")[0] as RequestListener;
app.server.removeAllListeners("request");
app.server.on("request", (request: IncomingMessage, response: ServerResponse) => {
  const action = String(request.headers["x-amz-target"] ?? "").replace(/^.*\./, "");
  counts[action] = (counts[action] ?? 0) + 1;
  const { delayMs = 0, failing = [] } = faults;
  if (failing.includes("*") || failing.includes(action)) return refuse(request, response);
  if (delayMs > 0) setTimeout(() => handle(request, response), delayMs);
  else handle(request, response);
});

function refuse(request: IncomingMessage, response: ServerResponse): void {
  request.resume();
  request.once("end", () => {
    response.writeHead(500, { "content-type": "application/x-amz-json-1.0" });
    response.end('{"__type":"com.amazonaws.sqs#InternalError","message":"planned"}');
  });
}

serve({
  endpoint: () => endpoint,
  setFaults: (next: EmulatorFaults) => {
    faults = next;
  },
  takeCounts: (): RequestCounts => {
    const taken = counts;
    counts = {};
    return taken;
  },
});
