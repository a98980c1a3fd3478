import { execFile, execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import pg from "pg";

export interface PostgresServerOptions {
  /** Further settings, as in `postgresql.conf`: `{ fsync: "off" }`. */
  readonly settings?: Readonly<Record<string, string>> | undefined;
  /** Makes it a standby of this one, from a base backup, streaming. */
  readonly standbyOf?: PostgresServer | undefined;
}

/** A PostgreSQL of a test's own, on a free port of the loopback interface, in a folder of its own. */
export interface PostgresServer {
  readonly port: number;
  readonly url: string;
  /** A pool on it, ended by `stop`. Errors of its idle connections are not reported. */
  pool(options?: pg.PoolConfig): pg.Pool;
  /** Ends it as a crash would: it recovers from its log when it is started again. */
  kill(): Promise<void>;
  /** Starts it again with the same port and folder. */
  start(): Promise<void>;
  /** Makes a standby the primary. */
  promote(): Promise<void>;
  /** Signals the server and each of its processes: `SIGSTOP`, `SIGCONT`. */
  signal(signal: NodeJS.Signals): void;
  /** Ends it for good, ends the pools and removes the folder. */
  stop(): Promise<void>;
}

const HOST = "127.0.0.1";
const USER = "postgres";
const run = promisify(execFile);

/** Those of a test run that ends early would stay for ever. */
const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** @throws when PostgreSQL's programs are neither on the PATH nor where Debian has them */
export async function startPostgresServer(
  options: PostgresServerOptions = {},
): Promise<PostgresServer> {
  const { standbyOf } = options;
  const as = unprivileged();
  const folder = mkdtempSync(join(tmpdir(), "exactly-once-postgres-"));
  if (as) chownSync(folder, as.uid, as.gid);
  const data = join(folder, "data");
  const program = (name: string) => join(findPrograms(), name);
  if (standbyOf) {
    const from = ["-h", HOST, "-p", String(standbyOf.port), "-U", USER];
    await run(program("pg_basebackup"), [...from, "-D", data, "-R", "-c", "fast"], as ?? {});
  } else {
    const quick = ["--no-sync", "--no-locale", "--encoding=UTF8", "--auth=trust"];
    await run(program("initdb"), [...quick, "-U", USER, "-D", data], as ?? {});
  }

  let port = await freePort();
  let child: ChildProcess | undefined;
  const pools: pg.Pool[] = [];
  const settings = {
    listen_addresses: HOST,
    unix_socket_directories: "",
    logging_collector: "off",
    max_connections: "50",
    shared_buffers: "32MB",
    // What a test kills is the server, never the machine.
    fsync: "off",
    ...options.settings,
  };

  async function start(): Promise<void> {
    const all = { ...settings, port: String(port) };
    const args = Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    const started = spawn(program("postgres"), ["-D", data, ...args], {
      stdio: ["ignore", "ignore", "pipe"],
      ...as,
    });
    let log = "";
    started.stderr.on("data", (text: Buffer) => (log += text.toString()));
    running.add(started);
    started.once("exit", () => running.delete(started));
    child = started;
    const died = once(started, "exit").then(() => {
      throw new Error(`postgres ended while starting:\n${log}`);
    });
    await Promise.race([isReady(data, started), died]);
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    if (signal === "SIGKILL") signalAll(child.pid, signal);
    else child.kill(signal);
    // One that a test had stopped gets no other signal before.
    signalAll(child.pid, "SIGCONT");
    await exited;
  }

  for (let tries = 3; ; tries -= 1) {
    try {
      await start();
      break;
    } catch (error) {
      const isTaken = error instanceof Error && error.message.includes("Address already in use");
      if (!isTaken || tries === 0) throw error;
      port = await freePort();
    }
  }

  return {
    port,
    url: `postgres://${USER}@${HOST}:${port}/postgres`,
    pool: (config = {}) => {
      const pool = new pg.Pool({ host: HOST, port, user: USER, database: "postgres", ...config });
      pool.on("error", ignoreOutage);
      pools.push(pool);
      return pool;
    },
    kill: () => end("SIGKILL"),
    start,
    promote: async () => {
      await run(program("pg_ctl"), ["promote", "-w", "-D", data], as ?? {});
    },
    signal: (signal) => {
      if (child?.pid !== undefined) signalAll(child.pid, signal);
    },
    stop: async () => {
      await Promise.all(pools.map((pool) => pool.end().catch(ignoreOutage)));
      // SIGQUIT: at once, without writing what nobody will read.
      await end("SIGQUIT");
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The state is the eighth line of the file that the server keeps for its own tools. */
async function isReady(data: string, { pid }: ChildProcess): Promise<void> {
  for (;;) {
    const lines = (await readFile(join(data, "postmaster.pid"), "utf8").catch(() => "")).split(
      "\n",
    );
    if (lines[0] === String(pid) && /^(ready|standby)/.test(lines[7]?.trim() ?? "")) return;
    await sleep(20);
  }
}

/** PostgreSQL refuses to run as root; Debian makes a user for it. */
function unprivileged(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const idOf = (flag: string) => Number(execFileSync("id", [flag, USER], { encoding: "utf8" }));
  return { uid: idOf("-u"), gid: idOf("-g") };
}

let programs: string | undefined;

function findPrograms(): string {
  programs ??= [...(process.env["PATH"] ?? "").split(":"), ...debianFolders()].find((folder) =>
    ["initdb", "postgres", "pg_ctl", "pg_basebackup"].every((name) =>
      existsSync(join(folder, name)),
    ),
  );
  if (programs !== undefined) return programs;
  throw new Error("Install PostgreSQL's server: initdb and postgres are missing.");
}

function debianFolders(): string[] {
  const root = "/usr/lib/postgresql";
  if (!existsSync(root)) return [];
  const versions = readdirSync(root).sort((a, b) => Number(b) - Number(a));
  return versions.map((version) => join(root, version, "bin"));
}

/** Each connection has a process of its own, which outlives a killed parent for a moment. */
function signalAll(pid: number, signal: NodeJS.Signals): void {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");
  for (const each of [pid, ...children.filter(Boolean).map(Number)]) {
    try {
      process.kill(each, signal);
    } catch {
      // It has ended meanwhile.
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, HOST);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** A connection that a test broke. */
function ignoreOutage(): void {}
