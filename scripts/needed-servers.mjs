import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";

/** @param {string} command */
const runs = (command) => spawnSync(command, ["--version"], { stdio: "ignore" }).status === 0;

/** Debian has PostgreSQL's programs beside the PATH, by version. */
const debianPostgres = "/usr/lib/postgresql";
const hasPostgres = () =>
  runs("initdb") ||
  (existsSync(debianPostgres) &&
    readdirSync(debianPostgres).some((version) =>
      existsSync(`${debianPostgres}/${version}/bin/initdb`),
    ));

/**
 * What the tests run against, beside what npm installs.
 *
 * @type {readonly { name: string, isThere: () => boolean, debian: string, otherwise: string }[]}
 */
const servers = [
  {
    name: "Redis",
    isThere: () =>
      Boolean(process.env["REDIS_URL"]) || runs("redis-server") || runs("valkey-server"),
    debian: "redis-server",
    otherwise: "install redis-server or valkey-server, or set REDIS_URL",
  },
  {
    name: "PostgreSQL",
    isThere: hasPostgres,
    debian: "postgresql",
    otherwise: "install PostgreSQL's server, with initdb on the PATH",
  },
];

/** @param {string[]} args */
const apt = (args) =>
  spawnSync("apt-get", ["-qq", ...args], {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  }).status === 0;

/**
 * Makes sure the tests find real servers: given by address, on the machine, or, as root on Debian and its
 * kin, installed now.
 *
 * @returns {string | undefined} an instruction for the user, or nothing when all is well
 */
export function missingServer() {
  const isMissing = () => servers.filter(({ isThere }) => !isThere());
  const wanted = isMissing();
  if (wanted.length === 0) return undefined;
  if (process.getuid?.() === 0 && existsSync("/etc/debian_version")) {
    const names = wanted.map(({ name }) => name).join(" and ");
    console.log(`Installing ${names} with apt-get (the tests run against the real thing) ...`);
    apt(["update"]);
    apt(["install", "-y", "--no-install-recommends", ...wanted.map(({ debian }) => debian)]);
  }
  const [missing] = isMissing();
  return missing && `The tests need ${missing.name}: ${missing.otherwise}.`;
}
