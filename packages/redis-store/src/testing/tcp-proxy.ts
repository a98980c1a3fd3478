import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** Stands between a client and a server, and can do what networks do. */
export interface TcpProxy {
  readonly host: string;
  readonly port: number;
  /** How often a client's bytes were followed by the server's: one network round trip each. */
  readonly roundTrips: number;
  /** Keeps what clients send from the server, until `release`. */
  holdRequests(): void;
  /** Lets requests reach the server, but keeps its answers, until `release`. */
  holdReplies(): void;
  /** Passes on what was kept, also to a server whose client has gone. */
  release(): void;
  /** Leads new connections to another server; those that stand stay where they are. */
  leadTo(server: { readonly host: string; readonly port: number }): void;
  /** Ends the connections; what is kept for the server stays. */
  cut(): void;
  /** Sends everything a client ever sent once more, on a connection of its own. */
  repeatRequests(): Promise<void>;
  close(): Promise<void>;
}

/** @param first where the server listens */
export async function startTcpProxy(first: {
  readonly host: string;
  readonly port: number;
}): Promise<TcpProxy> {
  let target = first;
  const clients = new Set<Socket>();
  const servers = new Set<Socket>();
  const recorded: Buffer[] = [];
  let keptRequests: (() => void)[] | undefined;
  let keptReplies: (() => void)[] | undefined;
  let roundTrips = 0;

  const listener = createServer((client) => {
    const server = connect(target.port, target.host);
    clients.add(client);
    servers.add(server);
    let asked = false;
    client.on("data", (bytes: Buffer) => {
      asked = true;
      recorded.push(bytes);
      const pass = (): void => void server.write(bytes);
      if (keptRequests) keptRequests.push(pass);
      else pass();
    });
    server.on("data", (bytes: Buffer) => {
      if (asked) roundTrips += 1;
      asked = false;
      const pass = (): void => void (client.writable && client.write(bytes));
      if (keptReplies) keptReplies.push(pass);
      else pass();
    });
    client.on("error", ignoreEnd).on("close", () => {
      clients.delete(client);
      if (!keptRequests) server.destroy();
    });
    server.on("error", ignoreEnd).on("close", () => {
      servers.delete(server);
      client.destroy();
    });
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");

  return {
    host: "127.0.0.1",
    port: (listener.address() as AddressInfo).port,
    get roundTrips() {
      return roundTrips;
    },
    holdRequests: () => {
      keptRequests ??= [];
    },
    holdReplies: () => {
      keptReplies ??= [];
    },
    release: () => {
      const kept = [...(keptRequests ?? []), ...(keptReplies ?? [])];
      keptRequests = undefined;
      keptReplies = undefined;
      for (const pass of kept) pass();
    },
    leadTo: (server) => {
      target = server;
    },
    cut: () => {
      for (const client of clients) client.destroy();
    },
    repeatRequests: async () => {
      const server = connect(target.port, target.host);
      server.on("error", ignoreEnd).resume();
      await once(server, "connect");
      server.end(Buffer.concat(recorded));
      await once(server, "close");
    },
    close: async () => {
      listener.close();
      for (const socket of [...clients, ...servers]) socket.destroy();
      await once(listener, "close");
    },
  };
}

/** A connection that a test ended. */
function ignoreEnd(): void {}
