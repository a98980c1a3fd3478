import { createServer, type AddressInfo, type Socket } from "node:net";

/** One request as it stands on the wire, with the socket to misbehave on. */
export interface RawRequest {
  readonly socket: Socket;
  /** 1 for the first request on its connection. */
  readonly onConnection: number;
}

/** What a faulty server does; nothing at all unless told. */
export interface FaultyServerOptions {
  /** Called once the body of a request has come. */
  readonly onRequest?: (request: RawRequest) => void;
  /** Called once the head has come; `true` where that was all that is to be done with the request. */
  readonly onHead?: (request: RawRequest) => boolean;
  /** Called for the first bytes of a connection, whatever they are; `true` keeps them from being read. */
  readonly onBytes?: (socket: Socket) => boolean;
}

/** A running faulty server. */
export interface FaultyServer {
  /** `http://127.0.0.1:PORT`. */
  readonly endpoint: string;
  readonly port: number;
  /** What has reached it so far. */
  readonly seen: { readonly connections: number; readonly requests: number };
  /** Resolves once the heads of so many requests have come. */
  untilRequests(count: number): Promise<void>;
  /** Resolves once so many connections were made. */
  untilConnections(count: number): Promise<void>;
  /** Destroys what is open. */
  close(): void;
}

/**
 * A server on bare sockets, on loopback: it does to a connection what no HTTP library would. For tests
 * of a sender: how many requests it makes, and what it says of each.
 *
 * @example
 * ```ts
 * const server = await createFaultyServer({ onRequest: ({ socket }) => socket.resetAndDestroy() });
 * ```
 */
export async function createFaultyServer(options: FaultyServerOptions): Promise<FaultyServer> {
  const seen = { connections: 0, requests: 0 };
  const sockets = new Set<Socket>();
  let waiting: readonly { readonly holds: () => boolean; readonly wake: () => void }[] = [];

  function changed(): void {
    const due = waiting.filter(({ holds }) => holds());
    waiting = waiting.filter((waiter) => !due.includes(waiter));
    for (const { wake } of due) wake();
  }

  function until(holds: () => boolean): Promise<void> {
    if (holds()) return Promise.resolve();
    return new Promise((wake) => (waiting = [...waiting, { holds, wake }]));
  }

  const server = createServer((socket) => {
    seen.connections += 1;
    sockets.add(socket);
    socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
    readRequests(socket, options, () => {
      seen.requests += 1;
      changed();
    });
    changed();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    port,
    seen,
    untilRequests: (count) => until(() => seen.requests >= count),
    untilConnections: (count) => until(() => seen.connections >= count),
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

function readRequests(
  socket: Socket,
  { onBytes, onHead, onRequest }: FaultyServerOptions,
  onSeen: () => void,
): void {
  let received = Buffer.alloc(0);
  let onConnection = 0;
  let headTaken = false;
  socket.on("data", (chunk) => {
    if (onBytes?.(socket)) return;
    received = Buffer.concat([received, chunk]);
    const head = received.indexOf("\r\n\r\n");
    if (head < 0) return;
    if (!headTaken) {
      headTaken = true;
      onConnection += 1;
      const taken = onHead?.({ socket, onConnection });
      onSeen();
      if (taken) return;
    }
    const [, length = "0"] = /content-length: (\d+)/i.exec(received.toString("latin1")) ?? [];
    const end = head + 4 + Number(length);
    if (received.length < end) return;
    received = received.subarray(end);
    headTaken = false;
    onRequest?.({ socket, onConnection });
  });
}

/**
 * A whole HTTP answer as bytes on the wire; its length is stated as it is unless the headers say
 * otherwise.
 *
 * @param status code and reason: `"200 OK"`
 */
export function httpAnswer(
  status: string,
  body: string,
  headers: Readonly<Record<string, string | number>> = {},
): string {
  const all = { "content-length": Buffer.byteLength(body), ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return `HTTP/1.1 ${status}\r\n${lines.join("\r\n")}\r\n\r\n${body}`;
}
