import { Redis } from "ioredis";
import { randomUUID } from "node:crypto";
import { startRedisServer } from "./redis-server.js";
import { startTcpProxy, type TcpProxy } from "./tcp-proxy.js";

/** A Redis for tests: the one given as `REDIS_URL`, which is never flushed, or a throwaway. */
export interface GivenRedis {
  /** Nobody else's names begin so. */
  readonly keyPrefix: string;
  connect(): Redis;
  /** A client whose connection goes through the proxy. */
  connectVia(proxy: TcpProxy): Redis;
  /** A new proxy before it. */
  proxy(): Promise<TcpProxy>;
  stop(): Promise<void>;
}

export async function givenRedis(): Promise<GivenRedis> {
  const throwaway = process.env["REDIS_URL"] ? undefined : await startRedisServer();
  const url = new URL(process.env["REDIS_URL"] ?? throwaway?.url ?? "");
  const clients: Redis[] = [];
  const proxies: TcpProxy[] = [];

  function connectTo(address: URL): Redis {
    const client = new Redis(address.href);
    client.on("error", ignoreOutage);
    clients.push(client);
    return client;
  }

  const keyPrefix = `test-${randomUUID()}:`;

  /** What never expires would stay in somebody's Redis for ever. */
  async function removeOwn(client: Redis): Promise<void> {
    for await (const found of client.scanStream({ match: `${keyPrefix}*`, count: 1_000 })) {
      const names = found as string[];
      if (names.length > 0) await client.unlink(names);
    }
  }

  return {
    keyPrefix,
    connect: () => connectTo(url),
    connectVia: ({ host, port }) => {
      const address = new URL(url);
      address.host = `${host}:${port}`;
      return connectTo(address);
    },
    proxy: async () => {
      const port = Number(url.port || 6379);
      const proxy = await startTcpProxy({ host: url.hostname, port });
      proxies.push(proxy);
      return proxy;
    },
    stop: async () => {
      if (!throwaway) await removeOwn(connectTo(url));
      for (const client of clients) client.disconnect();
      await Promise.all(proxies.map((proxy) => proxy.close()));
      await throwaway?.stop();
    },
  };
}

/** A connection that a test broke. */
function ignoreOutage(): void {}
