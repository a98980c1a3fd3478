import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { homedir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startEmulator } from "./emulator.js";
import { sqsServer, type SqsServer } from "./server.js";

/**
 * Emulators that aren't written in JavaScript, so that no figure hangs on one emulator's habits.
 * They are got from their own registries when they are first asked for; nobody else needs them.
 */
const VERSIONS = { elasticmq: "1.6.12", moto: "5.2.5" } as const;

export type EmulatorName = "fauxqs" | keyof typeof VERSIONS;

const CACHE = join(
  process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"),
  "exactly-once-bench",
);
const START_LIMIT_MS = 30_000;

const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

interface Further {
  /** A command that must exist, and what it is needed for. */
  readonly needs: readonly (readonly [command: string, what: string])[];
  /** Puts what is needed into a folder. */
  fill(folder: string): Promise<void>;
  command(folder: string, port: number): readonly [string, ...string[]];
}

const FURTHER: Readonly<Record<keyof typeof VERSIONS, Further>> = {
  elasticmq: {
    needs: [
      ["java", "a Java runtime, 11 or newer"],
      ["mvn", "Maven, which gets the jars"],
    ],
    fill: async (folder) => {
      await writeFile(join(folder, "pom.xml"), pomOf(VERSIONS.elasticmq));
      must("mvn", [
        "-q",
        "-B",
        "-f",
        folder,
        "dependency:copy-dependencies",
        "-DoutputDirectory=.",
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
    needs: [["python3", "Python 3 with venv"]],
    fill: (folder) => {
      must("python3", ["-m", "venv", folder]);
      const wanted = `moto[server]==${VERSIONS.moto}`;
      must(join(folder, "bin/pip"), ["install", "--quiet", wanted]);
      return Promise.resolve();
    },
    command: (folder, port) => [
      join(folder, "bin/python"),
      "-m",
      "moto.server",
      ...["-H", "127.0.0.1", "-p", String(port)],
    ],
  },
};

/** A new emulator of its own. @throws with what to install when it can't be had on this machine */
export async function startSqs(name: EmulatorName): Promise<SqsServer> {
  if (name === "fauxqs") return startEmulator();
  const folder = await obtain(name);
  const port = await freePort();
  const [command, ...args] = FURTHER[name].command(folder, port);
  const child = spawn(command, args, { stdio: "ignore" });
  running.add(child);
  const exited = once(child, "exit").then(() => running.delete(child));
  const endpoint = `http://127.0.0.1:${port}`;
  await Promise.race([
    answers(endpoint),
    exited.then(() => Promise.reject(new Error(`${name} ended while starting.`))),
  ]);
  return sqsServer(endpoint, async () => {
    child.kill("SIGKILL");
    await exited;
  });
}

export function isEmulatorName(name: string): name is EmulatorName {
  return name === "fauxqs" || name in FURTHER;
}

/** What a case's name ends with; of the usual one, whose version stands above all figures, nothing. */
export function emulatorSuffix(name: EmulatorName): string {
  return name === "fauxqs" ? "" : `, ${name} ${VERSIONS[name]}`;
}

/** The folder of the emulator, filled when it isn't there yet. */
async function obtain(name: keyof typeof VERSIONS): Promise<string> {
  const folder = join(CACHE, `${name}-${VERSIONS[name]}`);
  if (existsSync(join(folder, "complete"))) return folder;
  for (const [command, what] of FURTHER[name].needs) {
    const found = spawnSync(command, ["--version"], { stdio: "ignore" });
    if (found.error) throw new Error(`${name} needs ${command} on the PATH: ${what}.`);
  }
  console.error(`  getting ${name} ${VERSIONS[name]} into ${folder} …`);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await FURTHER[name].fill(folder);
  await writeFile(join(folder, "complete"), "");
  return folder;
}

function must(command: string, args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(command, args, { encoding: "utf8" });
  if (status === 0) return;
  throw new Error(`${command} ${args.join(" ")} failed: ${error?.message ?? stderr}`);
}

function pomOf(version: string): string {
  const at = (name: string, text: string): string => `<${name}>${text}</${name}>`;
  const coordinates = (group: string, artifact: string, of: string): string =>
    at("groupId", group) + at("artifactId", artifact) + at("version", of);
  const dependency = coordinates("org.elasticmq", "elasticmq-server_2.13", version);
  return at(
    "project",
    at("modelVersion", "4.0.0") +
      coordinates("bench", "elasticmq", "1") +
      at("dependencies", at("dependency", dependency)),
  );
}

async function answers(endpoint: string): Promise<void> {
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

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
