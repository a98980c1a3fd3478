import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const servers = ["redis-server", "valkey-server"];

/** @param {string} command */
const runs = (command) => spawnSync(command, ["--version"], { stdio: "ignore" }).status === 0;

/** @param {string[]} args */
const apt = (args) =>
  spawnSync("apt-get", ["-qq", ...args], {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  }).status === 0;

/**
 * Makes sure the tests find a real Redis: one given as `REDIS_URL`, a server on the PATH, or, as root
 * on Debian and its kin, one installed now. Answers what to do when there is none.
 *
 * @returns {string | undefined} an instruction for the user, or nothing when all is well
 */
export function missingRedis() {
  if (process.env["REDIS_URL"] || servers.some(runs)) return undefined;
  if (process.getuid?.() === 0 && existsSync("/etc/debian_version")) {
    console.log("Installing redis-server with apt-get (the tests run against a real Redis) ...");
    apt(["update"]);
    if (apt(["install", "-y", "--no-install-recommends", "redis-server"]) && servers.some(runs)) {
      return undefined;
    }
  }
  return "The tests need a Redis: install redis-server or valkey-server, or set REDIS_URL.";
}
