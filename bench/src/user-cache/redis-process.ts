import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";

export interface RedisProcess {
  /** The path of its socket. */
  readonly path: string;
  stop(): Promise<void>;
}

/** A Redis of one's own in a process of its own; `redis-server` must be on the PATH. */
export async function startRedis(): Promise<RedisProcess> {
  const folder = await mkdtemp(join(tmpdir(), "user-cache-bench-"));
  const path = join(folder, "redis.sock");
  const settings = ["--port", "0", "--unixsocket", path, "--save", "", "--appendonly", "no"];
  const server = spawn("redis-server", settings, { stdio: "ignore" });
  await once(server, "spawn");
  const probe = new Redis(path, { maxRetriesPerRequest: null, retryStrategy: () => 20 });
  probe.on("error", () => undefined);
  await probe.ping();
  probe.disconnect();
  return {
    path,
    async stop() {
      server.kill("SIGKILL");
      await once(server, "exit");
      await rm(folder, { recursive: true, force: true });
    },
  };
}
