import { StoreUnavailableError } from "@exactly-once/core";
import type { Redis } from "ioredis";
import { isCluster, type RedisClient } from "./transport/client.js";

/** What an inspection found. */
export interface RedisReport {
  readonly nodes: readonly RedisNode[];
  /** Empty where nothing endangers the promises. */
  readonly findings: readonly RedisFinding[];
}

/** One primary, as it says itself. */
export interface RedisNode {
  readonly address: string;
  /** `redis` or `valkey`. */
  readonly server: string;
  readonly version: string;
  readonly evictionPolicy: string;
  /** Bytes; 0 is no limit. */
  readonly maxMemory: number;
  readonly appendOnly: boolean;
  /** Whether snapshots have been taken; a server that takes none has no `save` points or no changes yet. */
  readonly snapshots: boolean;
  readonly replicas: number;
  /** The server's clock less this machine's, ms; good to half of the round trip. */
  readonly clockSkewMs: number;
}

/** Stable, for tests in CI. */
export type RedisFindingCode =
  "EVICTION" | "NO_PERSISTENCE" | "NO_REPLICAS" | "OLD_VERSION" | "CLOCK_SKEW";

/** One setting that endangers the promises. */
export interface RedisFinding {
  readonly code: RedisFindingCode;
  /** `error`: records can be lost or are, in ordinary operation. */
  readonly severity: "error" | "warning";
  readonly address: string;
  /** What it means and what to change. */
  readonly text: string;
}

/** Replaying scripts by their effects, `PEXPIREAT` in scripts and `HSET` of many fields need it. */
const OLDEST_VERSION = 6;
/** Leases don't care, but an operator comparing times would. */
const MAX_SKEW_MS = 5_000;

/** @throws StoreUnavailableError when a node doesn't answer within `timeoutMs` */
export async function inspectRedis(client: RedisClient, timeoutMs: number): Promise<RedisReport> {
  const nodes = await withinTime(timeoutMs, async () => {
    const primaries = isCluster(client) ? client.nodes("master") : [client];
    return Promise.all(primaries.map(readNode));
  });
  return { nodes, findings: nodes.flatMap(judge) };
}

async function readNode(node: Redis): Promise<RedisNode> {
  const before = Date.now();
  const [seconds, micros] = await node.time();
  const after = Date.now();
  const info = parseInfo(await node.info());
  const isValkey = info.has("valkey_version");
  return {
    address: node.options.path ?? `${node.options.host}:${node.options.port}`,
    server: isValkey ? "valkey" : "redis",
    version: info.get(isValkey ? "valkey_version" : "redis_version") ?? "",
    evictionPolicy: info.get("maxmemory_policy") ?? "",
    maxMemory: Number(info.get("maxmemory") ?? 0),
    appendOnly: info.get("aof_enabled") === "1",
    snapshots: Number(info.get("rdb_saves") ?? 0) > 0,
    replicas: Number(info.get("connected_slaves") ?? 0),
    clockSkewMs: Number(seconds) * 1_000 + Number(micros) / 1_000 - (before + after) / 2,
  };
}

function parseInfo(text: string): ReadonlyMap<string, string> {
  const lines = text.split("\r\n").filter((line) => line.includes(":"));
  return new Map(
    lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1)];
    }),
  );
}

function judge(node: RedisNode): RedisFinding[] {
  const { address } = node;
  const findings: RedisFinding[] = [];
  if (node.evictionPolicy !== "noeviction") {
    findings.push({
      code: "EVICTION",
      severity: "error",
      address,
      text:
        `maxmemory-policy is ${node.evictionPolicy}: records may be evicted, and their messages ` +
        "sent again. Set it to noeviction, on a server of this store's own.",
    });
  }
  if (!node.appendOnly) {
    findings.push({
      code: "NO_PERSISTENCE",
      severity: node.replicas > 0 ? "warning" : "error",
      address,
      text:
        "appendonly is off: a restart forgets what was sent since the last snapshot, if there is " +
        "one. Set appendonly yes, with appendfsync always where a power cut must not forget either.",
    });
  }
  if (node.replicas === 0) {
    findings.push({
      code: "NO_REPLICAS",
      severity: "warning",
      address,
      text: "There is no replica: while this server is down nothing is sent, and its disk is the only copy.",
    });
  }
  if (node.server === "redis" && Number.parseInt(node.version, 10) < OLDEST_VERSION) {
    findings.push({
      code: "OLD_VERSION",
      severity: "error",
      address,
      text: `Redis ${node.version} is older than ${OLDEST_VERSION}: upgrade it.`,
    });
  }
  if (Math.abs(node.clockSkewMs) > MAX_SKEW_MS) {
    findings.push({
      code: "CLOCK_SKEW",
      severity: "warning",
      address,
      text:
        `The server's clock is ${Math.round(node.clockSkewMs)} ms off this machine's. Leases go by ` +
        "the server's alone; set both clocks right so that times can be compared.",
    });
  }
  return findings;
}

async function withinTime<T>(timeoutMs: number, read: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([read(), late]);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StoreUnavailableError(`Redis couldn't be inspected: ${reason}.`, { cause });
  } finally {
    clearTimeout(timer);
  }
}
