import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { runServer } from "verdaccio";

export interface Registry {
  readonly url: string;
  close(): Promise<void>;
}

/** The scope that strangers ask this registry for; all else they get where npm gets it by itself. */
export const SCOPE = "@exactly-once";

/**
 * An npm registry on a loopback port, empty at first. It has no uplink: a package that isn't published
 * here isn't found under the scope, and no address of another registry is needed.
 */
export async function startRegistry(folder: string): Promise<Registry> {
  await mkdir(folder, { recursive: true });
  const server = (await runServer({
    configPath: join(folder, "config.yaml"),
    storage: join(folder, "storage"),
    auth: { htpasswd: { file: join(folder, "htpasswd") } },
    packages: { [`${SCOPE}/*`]: { access: "$all", publish: "$all" } },
    web: { enable: false },
    log: { type: "file", path: join(folder, "log"), level: "warn" },
  })) as Server;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

/** npm's configuration for using the registry, to be written to a folder's `.npmrc`. */
export function npmrcFor({ url }: Registry): string {
  // npm refuses to publish without a token, whatever the registry asks for.
  return `${SCOPE}:registry=${url}\n${url.replace(/^http:/, "")}:_authToken=anyone\n`;
}
