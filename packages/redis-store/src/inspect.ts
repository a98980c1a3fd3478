import { StoreUnavailableError } from "@exactly-once/core";
import type { Redis } from "ioredis";
import { judgeNode, type RedisFinding } from "./findings.js";
import { nodeOf, type RedisNode } from "./node-settings.js";
import { isCluster, type RedisClient } from "./transport/client.js";

/** What an inspection found. */
export interface RedisReport {
  readonly nodes: readonly RedisNode[];
  /** Empty where nothing endangers the promises. */
  readonly findings: readonly RedisFinding[];
}

/** @throws StoreUnavailableError when a node doesn't answer within `timeoutMs` */
export async function inspectRedis(client: RedisClient, timeoutMs: number): Promise<RedisReport> {
  const nodes = await withinTime(timeoutMs, async () => {
    const primaries = isCluster(client) ? client.nodes("master") : [client];
    return Promise.all(primaries.map(readNode));
  });
  return { nodes, findings: nodes.flatMap(judgeNode) };
}

async function readNode(node: Redis): Promise<RedisNode> {
  const before = Date.now();
  const [seconds, micros] = await node.time();
  const after = Date.now();
  const info = await unlessDenied(() => node.info());
  const read = nodeOf({
    address: node.options.path ?? `${node.options.host}:${node.options.port}`,
    info: info ?? "",
    clockSkewMs: Number(seconds) * 1_000 + Number(micros) / 1_000 - (before + after) / 2,
  });
  if (read.evictionPolicy !== undefined) return read;
  // `INFO` tells it wherever it may be asked, and ElastiCache denies `CONFIG`: so it is asked second.
  const reply = await unlessDenied(() => node.config("GET", "maxmemory-policy"));
  const policy: unknown = Array.isArray(reply) ? reply[1] : undefined;
  return typeof policy === "string" ? { ...read, evictionPolicy: policy } : read;
}

/** @returns `undefined` where the server, or this user's rights, don't have the command */
async function unlessDenied<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    const isDenied = error instanceof Error && /^NOPERM|^ERR unknown command/i.test(error.message);
    if (!isDenied) throw error;
    return undefined;
  }
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
