import { createServer, type AddressInfo, type Socket } from "node:net";

/** One request as it stands on the wire, with the socket to misbehave on. */
export interface RawRequest {
  readonly socket: Socket;
  /** 1 for the first request on its connection. */
  readonly onConnection: number;
}

export interface FaultyServerOptions {
  /** A request whose body has come. */
  readonly onRequest?: (request: RawRequest) => void;
  /** Its head has come; `true` where that was all that is to be done with it. */
  readonly onHead?: (request: RawRequest) => boolean;
}

/** A server on bare sockets: it does to a connection what no HTTP library would. */
export const faultyServer =
  (onTestFinished: (clean: () => void) => void) =>
  async ({ onRequest, onHead }: FaultyServerOptions) => {
    const seen = { connections: 0, requests: 0 };
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      seen.connections += 1;
      sockets.add(socket);
      socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
      let received = Buffer.alloc(0);
      let onConnection = 0;
      let headTaken = false;
      socket.on("data", (chunk) => {
        received = Buffer.concat([received, chunk]);
        const head = received.indexOf("\r\n\r\n");
        if (head < 0) return;
        if (!headTaken) {
          headTaken = true;
          onConnection += 1;
          seen.requests += 1;
          if (onHead?.({ socket, onConnection })) return;
        }
        const [, length = "0"] = /content-length: (\d+)/i.exec(received.toString("latin1")) ?? [];
        const end = head + 4 + Number(length);
        if (received.length < end) return;
        received = received.subarray(end);
        headTaken = false;
        onRequest?.({ socket, onConnection });
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    return { seen, endpoint: `http://127.0.0.1:${port}`, port };
  };

/** A whole answer, its length stated as it is unless told otherwise. */
export const httpAnswer = (
  status: string,
  body: string,
  headers: Readonly<Record<string, string | number>> = {},
): string => {
  const all = {
    date: new Date().toUTCString(),
    "content-length": Buffer.byteLength(body),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return `HTTP/1.1 ${status}\r\n${lines.join("\r\n")}\r\n\r\n${body}`;
};
