import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { homedir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** @typedef {"elasticmq" | "moto"} ForeignSqs Emulators of SQS that aren't written in JavaScript. */

/**
 * @typedef {object} Recipe
 * @property {readonly (readonly [command: string, what: string])[]} needs Commands that must exist, and
 *   what each is.
 * @property {(folder: string) => Promise<void>} fill Puts what is needed into a folder.
 * @property {(folder: string, port: number) => readonly [string, ...string[]]} command
 */

/** @type {Readonly<Record<ForeignSqs, string>>} */
export const FOREIGN_SQS_VERSIONS = { elasticmq: "1.6.12", moto: "5.2.5" };

const CACHE = join(
  process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"),
  "exactly-once-emulators",
);
const START_LIMIT_MS = 60_000;

/** @type {Set<import("node:child_process").ChildProcess>} */
const running = new Set();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** @type {Readonly<Record<ForeignSqs, Recipe>>} */
const RECIPES = {
  elasticmq: {
    needs: [
      ["java", "a Java runtime, 11 or newer"],
      ["mvn", "Maven, which gets the jars"],
    ],
    fill: async (folder) => {
      await writeFile(join(folder, "pom.xml"), pomOf(FOREIGN_SQS_VERSIONS.elasticmq));
      await must("mvn", [
        ...["-q", "-B", "-f", folder],
        ...["dependency:copy-dependencies", `-DoutputDirectory=${folder}`],
      ]);
    },
    command: (folder, port) => [
      "java",
      "-Dnode-address.host=127.0.0.1",
      `-Dnode-address.port=${port}`,
      "-Drest-sqs.bind-hostname=127.0.0.1",
      `-Drest-sqs.bind-port=${port}`,
      "-Drest-stats.enabled=false",
      "-cp",
      join(folder, "*"),
      "org.elasticmq.server.Main",
    ],
  },
  moto: {
    needs: [["python3", "Python 3 with pip"]],
    fill: (folder) =>
      must("python3", [
        ...["-m", "pip", "install", "--quiet", "--target", folder],
        `moto[server]==${FOREIGN_SQS_VERSIONS.moto}`,
      ]),
    command: (folder, port) => [
      "python3",
      "-c",
      `import sys; sys.path.insert(0, ${JSON.stringify(folder)}); from moto.server import main; main(["-H", "127.0.0.1", "-p", "${port}"])`,
    ],
  },
};

/**
 * What keeps this machine from running it, with what to do about it; `undefined` where nothing does.
 *
 * @param {ForeignSqs} name
 * @returns {string | undefined}
 */
export function missingForSqs(name) {
  for (const [command, what] of RECIPES[name].needs) {
    const found = spawnSync(command, ["--version"], { stdio: "ignore" });
    if (found.error) return `${name} needs ${command} on the PATH: ${what}`;
  }
  return undefined;
}

/**
 * A new emulator of its own on a free port of the loopback interface. It is got from its registry when
 * it is first asked for, into the user's cache folder, and is used from there afterwards.
 *
 * @param {ForeignSqs} name
 * @returns {Promise<{ endpoint: string, stop(): Promise<void> }>}
 * @throws with what to install where it can't be had on this machine
 */
export async function startForeignSqs(name) {
  const folder = await obtain(name);
  const port = await freePort();
  const [command, ...args] = RECIPES[name].command(folder, port);
  const child = spawn(command, args, { stdio: "ignore" });
  running.add(child);
  const exited = once(child, "exit").then(() => {
    running.delete(child);
  });
  const endpoint = `http://127.0.0.1:${port}`;
  await Promise.race([
    answers(endpoint),
    exited.then(() => Promise.reject(new Error(`${name} ended while starting.`))),
  ]);
  return {
    endpoint,
    stop: async () => {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

/**
 * The emulator's folder, filled when it isn't there yet.
 *
 * @param {ForeignSqs} name
 */
async function obtain(name) {
  const folder = join(CACHE, `${name}-${FOREIGN_SQS_VERSIONS[name]}`);
  if (existsSync(folder)) return folder;
  const missing = missingForSqs(name);
  if (missing !== undefined) throw new Error(`${missing}.`);
  console.error(`  getting ${name} ${FOREIGN_SQS_VERSIONS[name]} into ${folder} …`);
  const filling = `${folder}.${process.pid}`;
  await mkdir(filling, { recursive: true });
  try {
    await RECIPES[name].fill(filling);
    // Only whole, and whoever comes second keeps what the first one got.
    if (!existsSync(folder)) await rename(filling, folder);
  } finally {
    await rm(filling, { recursive: true, force: true });
  }
  return folder;
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 */
async function must(command, args) {
  const child = spawn(command, args, { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (chunk) => (said += chunk));
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} failed: ${said}`);
}

/** @param {string} version */
function pomOf(version) {
  /** @type {(name: string, text: string) => string} */
  const at = (name, text) => `<${name}>${text}</${name}>`;
  /** @type {(group: string, artifact: string, of: string) => string} */
  const coordinates = (group, artifact, of) =>
    at("groupId", group) + at("artifactId", artifact) + at("version", of);
  const dependency = coordinates("org.elasticmq", "elasticmq-server_2.13", version);
  return at(
    "project",
    at("modelVersion", "4.0.0") +
      coordinates("emulators", "elasticmq", "1") +
      at("dependencies", at("dependency", dependency)),
  );
}

/** @param {string} endpoint */
async function answers(endpoint) {
  const until = Date.now() + START_LIMIT_MS;
  while (Date.now() < until) {
    const answered = await fetch(endpoint).then(
      () => true,
      () => false,
    );
    if (answered) return;
    await sleep(50);
  }
  throw new Error(`Nothing listens at ${endpoint} after ${START_LIMIT_MS / 1_000} s.`);
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  server.close();
  await once(server, "close");
  return port;
}
