import type { Finding } from "@exactly-once/sqs-adapter";
import type { Context } from "../cli-command.js";
import { ok, reached, type Diagnosis } from "./diagnosis.js";

/** What each finding of the store leads to; one that isn't here says so itself. */
const LEADS_TO: Readonly<Record<string, string>> = {
  EVICTION: "an evicted record is forgotten: its email goes out again when its message comes back",
  NO_PERSISTENCE: "a restart forgets what was sent, and redeliveries send it again",
  NO_REPLICAS: "while this server is down nothing is sent",
  ACTIVE_ACTIVE: "two replicas may both be granted a key, and both send its email",
  UNREADABLE_SETTINGS: "nobody knows whether records can be evicted, or forgotten by a restart",
  OLD_VERSION: "scripts fail, and nothing is sent",
  CLOCK_SKEW: "times on the records can't be compared with those of logs",
};
const COMMANDS: Readonly<Record<string, readonly [redis: string, parameter: string]>> = {
  EVICTION: ["CONFIG SET maxmemory-policy noeviction", "maxmemory-policy: noeviction"],
  NO_PERSISTENCE: ["CONFIG SET appendonly yes", 'appendonly: "yes"'],
};

/** Redis, as the store finds it. */
export async function redisDiagnoses(context: Context): Promise<readonly Diagnosis[]> {
  if (context.settings.redis.url === undefined) return [];
  const store = await context.store();
  const findings = await reached("redis-unavailable", "Redis", async () => {
    const { nodes, findings: wrong } = await store.inspect();
    const judged = wrong.map(({ code, severity, address, text }): Finding => ({
      ...{ severity, code: `redis-${code.toLowerCase().replaceAll("_", "-")}` },
      message: `${address}: ${text}`,
      leadsTo: LEADS_TO[code] ?? "records can be lost, and with them what was sent",
      mend: mendOf(code),
    }));
    const fine = nodes
      .filter(({ address }) => !wrong.some((one) => one.address === address))
      .map(({ address, server, version }) => ok("redis", `${address}: ${server} ${version}`));
    return [...judged, ...fine];
  });
  return [{ subject: "redis", findings }];
}

function mendOf(code: string) {
  const [command, parameter] = COMMANDS[code] ?? [];
  if (command === undefined) return { text: "as the finding says" };
  return {
    text: `${command}, and in the server's configuration`,
    cloudFormation: `Type: AWS::ElastiCache::ParameterGroup\nProperties:\n  Properties:\n    ${parameter}`,
  };
}
