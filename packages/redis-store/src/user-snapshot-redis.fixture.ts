import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";

export interface OwnRedis {
  /** The path of the socket; pass it to ioredis. */
  readonly path: string;
  stop(): Promise<void>;
}

/** Starts a Redis of one's own on a socket in a new folder: `redis-server` or `valkey-server`. */
export async function startRedis(): Promise<OwnRedis> {
  const folder = await mkdtemp(join(tmpdir(), "user-snapshot-"));
  const path = join(folder, "redis.sock");
  const server = await start("redis-server", path).catch(() => start("valkey-server", path));
  const probe = new Redis(path, { maxRetriesPerRequest: null, retryStrategy: () => 20 });
  probe.on("error", () => undefined);
  await probe.ping();
  probe.disconnect();
  return {
    path,
    async stop() {
      if (server.exitCode === null && server.signalCode === null) {
        server.kill("SIGKILL");
        await once(server, "exit");
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function start(command: string, path: string) {
  const settings = ["--port", "0", "--unixsocket", path, "--save", "", "--appendonly", "no"];
  const child = spawn(command, settings, { stdio: "ignore" });
  await once(child, "spawn");
  return child;
}
