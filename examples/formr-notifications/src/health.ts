import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import type { ConsumerHealth } from "@exactly-once/core";
import type { UserCacheStats } from "@exactly-once/core/user-cache";
import { Hono } from "hono";

export interface HealthSources {
  readonly consumers: Readonly<Record<string, () => ConsumerHealth>>;
  readonly users: () => UserCacheStats;
}

export interface HealthServer {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * `/health`: 200 while the process works, 503 once only a restart helps. `/ready`: 200 while
 * messages are taken. Both answer with the state of each part.
 *
 * @param routes to serve beside them
 */
export async function startHealthServer(
  sources: HealthSources,
  routes: Hono,
  address: { readonly host: string; readonly port: number },
): Promise<HealthServer> {
  const app = new Hono();
  app.get("/health", (context) => {
    const report = reportOf(sources);
    return context.json(report, report.status === "up" ? 200 : 503);
  });
  app.get("/ready", (context) => {
    const report = reportOf(sources);
    return context.json(report, report.ready ? 200 : 503);
  });

  app.route("/", routes);

  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  server.listen(address.port, address.host);
  await once(server, "listening");
  const { address: host, family, port } = server.address() as AddressInfo;
  return {
    url: `http://${family === "IPv6" ? `[${host}]` : host}:${port}`,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

function reportOf({ consumers, users }: HealthSources) {
  const entries = Object.entries(consumers).map(([name, health]) => [name, health()] as const);
  const { state, users: count, asOf, progress } = users();
  return {
    status: entries.every(([, { live }]) => live) ? "up" : "down",
    ready: entries.every(([, { ready }]) => ready),
    consumers: Object.fromEntries(entries),
    users: {
      state,
      users: count,
      ...(asOf === undefined ? {} : { asOf: new Date(asOf).toISOString() }),
      ...(progress === undefined ? {} : { walking: progress }),
    },
  };
}
