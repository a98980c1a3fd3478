import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis, type RedisOptions } from "ioredis";

export interface RedisServerOptions {
  /** Further settings, as in `redis.conf`: `{ appendonly: "yes", appendfsync: "always" }`. */
  readonly settings?: Readonly<Record<string, string>> | undefined;
  /** The server to run. Default: `redis-server`, or `valkey-server`, on the PATH. */
  readonly command?: string;
}

/** A Redis of a test's own, on a free port of the loopback interface, in a folder of its own. */
export interface RedisServer {
  readonly host: string;
  readonly port: number;
  readonly url: string;
  /** The process as it is now, for signals. */
  readonly pid: number;
  /** A client of it, closed by `stop`. Its connection errors are not reported. */
  connect(options?: RedisOptions): Redis;
  /** `SIGKILL`: what wasn't persisted is lost. */
  kill(): Promise<void>;
  /** `SIGTERM`, as an operator would. */
  shutDown(): Promise<void>;
  /** Starts it again with the same port and folder, and further settings. */
  start(settings?: Readonly<Record<string, string>>): Promise<void>;
  /** Ends it for good, closes the clients and removes the folder. */
  stop(): Promise<void>;
}

/** Those of a test run that ends early would stay for ever. */
const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** @throws when neither redis-server nor valkey-server is on the PATH */
export async function startRedisServer(options: RedisServerOptions = {}): Promise<RedisServer> {
  const command = options.command ?? findServer();
  const folder = await mkdtemp(join(tmpdir(), "exactly-once-redis-"));
  const host = "127.0.0.1";
  let port = await freePort();
  const clients: Redis[] = [];
  let child: ChildProcess | undefined;

  const settings = {
    bind: host,
    dir: folder,
    save: "",
    appendonly: "no",
    ...options.settings,
  };

  async function start(further: Readonly<Record<string, string>> = {}): Promise<void> {
    const all = { port: String(port), ...settings, ...further };
    const args = Object.entries(all).flatMap(([name, value]) => [`--${name}`, value]);
    const logged = ["--logfile", join(folder, "log")];
    const started = spawn(command, [...args, ...logged], { stdio: "ignore" });
    running.add(started);
    started.once("exit", () => running.delete(started));
    child = started;
    await Promise.race([answers(started), diedEarly(started)]);
  }

  /** Never resolves where another process has taken the port meanwhile: then this one has died of it. */
  async function answers({ pid }: ChildProcess): Promise<void> {
    const probe = new Redis({
      host,
      port,
      enableReadyCheck: false,
      maxRetriesPerRequest: null,
      retryStrategy: () => 20,
    });
    probe.on("error", ignoreUntilUp);
    try {
      await probe.ping().catch(ignoreLoading);
      if (!(await probe.info("server")).includes(`process_id:${pid}\r\n`)) await never();
    } finally {
      probe.disconnect();
    }
  }

  /** A port that was free may be another process's by the time the server takes it. */
  async function startOnFreePort(tries: number): Promise<void> {
    try {
      await start();
    } catch (error) {
      const isTaken = error instanceof Error && error.message.includes("Address already in use");
      if (!isTaken || tries === 0) throw error;
      port = await freePort();
      await startOnFreePort(tries - 1);
    }
  }

  async function diedEarly(started: ChildProcess): Promise<never> {
    await once(started, "exit");
    const log = await readFile(join(folder, "log"), "utf8").catch(() => "");
    throw new Error(`${command} ended while starting:\n${log}`);
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    if (child && child.exitCode === null && child.signalCode === null) {
      const exited = once(child, "exit");
      child.kill(signal);
      // One that a test had stopped gets no other signal before.
      child.kill("SIGCONT");
      await exited;
    }
    child = undefined;
  }

  await startOnFreePort(3);
  return {
    host,
    port,
    url: `redis://${host}:${port}`,
    get pid() {
      return child?.pid ?? 0;
    },
    connect: (clientOptions = {}) => {
      const client = new Redis({ host, port, ...clientOptions });
      client.on("error", ignoreUntilUp);
      clients.push(client);
      return client;
    },
    kill: () => end("SIGKILL"),
    shutDown: () => end("SIGTERM"),
    start,
    stop: async () => {
      for (const client of clients) client.disconnect();
      await end("SIGKILL");
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function findServer(): string {
  for (const command of ["redis-server", "valkey-server"]) {
    if (spawnSync(command, ["--version"], { stdio: "ignore" }).status === 0) return command;
  }
  throw new Error("Install redis-server or valkey-server: neither is on the PATH.");
}

async function freePort(): Promise<number> {
  // A cluster node also listens on its port + 10000.
  for (;;) {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, "close");
    if (port <= 55_535) return port;
  }
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}

function ignoreUntilUp(): void {}

/** Still loading its data is up. */
function ignoreLoading(error: unknown): void {
  if (!(error instanceof Error) || !error.message.startsWith("LOADING")) throw error;
}
