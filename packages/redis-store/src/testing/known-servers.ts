import { spawnSync } from "node:child_process";
import { foreignRedisNames, foreignRedisServers } from "../../../../scripts/foreign-redis.mjs";

export interface KnownServer {
  /** `Redis 8.2.3` */
  readonly name: string;
  readonly command: string;
}

/**
 * Every server that can be had on this machine: those of `EXACTLY_ONCE_REDIS_SERVERS` (commands with
 * commas between), on the PATH, and what `node scripts/foreign-redis.mjs` has got.
 */
export function knownServers(): readonly KnownServer[] {
  const given = (process.env["EXACTLY_ONCE_REDIS_SERVERS"] ?? "").split(",");
  const foreign = foreignRedisServers().map(({ command }) => command);
  const found = [...given, "redis-server", "valkey-server", ...foreign]
    .filter((command) => command !== "")
    .flatMap((command) => {
      const name = nameOf(command);
      return name === undefined ? [] : [{ name, command }];
    });
  return [...new Map(found.map((server) => [server.name, server])).values()];
}

/** Says which of them a test runs on, and which it doesn't. */
export function tellServers(what: string, servers: readonly KnownServer[]): void {
  const missing = foreignRedisNames.filter(
    (wanted) => !servers.some(({ name }) => name.startsWith(wanted)),
  );
  console.error(
    `${what} RUNS ON ${servers.map(({ name }) => name).join(", ")}` +
      (missing.length === 0
        ? "."
        : `; NOT ON ${missing.join(", ")} (node scripts/foreign-redis.mjs gets them).`),
  );
}

function nameOf(command: string): string | undefined {
  const { stdout } = spawnSync(command, ["--version"], { encoding: "utf8" });
  const said = /(?<kind>Redis|Valkey) server v=(?<version>[\d.]+)/.exec(stdout ?? "")?.groups;
  return said && `${said["kind"]} ${said["version"]}`;
}
