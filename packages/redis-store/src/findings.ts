import type { DeploymentFinding } from "@exactly-once/core/ports";
import type { RedisNode } from "./node-settings.js";

/** Stable, for tests in CI and for `allow`. */
export type RedisFindingCode =
  | "EVICTION"
  | "NO_PERSISTENCE"
  | "NO_REPLICAS"
  | "ACTIVE_ACTIVE"
  | "OLD_VERSION"
  | "CLOCK_SKEW"
  | "UNREADABLE_SETTINGS";

/** One setting that endangers the promises. */
export interface RedisFinding extends DeploymentFinding {
  readonly code: RedisFindingCode;
  readonly address: string;
}

/** Replaying scripts by their effects, `PEXPIREAT` in scripts and `HSET` of many fields need it. */
const OLDEST_VERSION = 6;
/** Leases don't care, but an operator comparing times would. */
const MAX_SKEW_MS = 5_000;

/** Each looks at one setting; in the order in which they are told. */
const rules: readonly ((node: RedisNode) => Omit<RedisFinding, "address"> | undefined)[] = [
  activeActive,
  eviction,
  persistence,
  replicas,
  version,
  skew,
  unreadable,
];

/** What of a server's settings endangers the promises. */
export function judgeNode(node: RedisNode): readonly RedisFinding[] {
  const { address } = node;
  return rules.flatMap((rule) => {
    const finding = rule(node);
    return finding ? [{ ...finding, address }] : [];
  });
}

function activeActive(node: RedisNode): ReturnType<(typeof rules)[number]> {
  if (!node.activeActive) return undefined;
  return {
    code: "ACTIVE_ACTIVE",
    severity: "error",
    text:
      "it shares its writes with other writable servers, and of two writes the last one wins: two " +
      "replicas of a service could both claim a key. Use a server with one writable primary.",
  };
}

function eviction({ evictionPolicy, managedBy }: RedisNode): ReturnType<(typeof rules)[number]> {
  if (evictionPolicy === undefined || evictionPolicy === "noeviction") return undefined;
  const where =
    managedBy === undefined
      ? "on a server of this store's own"
      : `in a parameter group of your own (the default of ${managedBy} may be another; its serverless kind can't be set)`;
  return {
    code: "EVICTION",
    severity: "error",
    text:
      `maxmemory-policy is ${evictionPolicy}: records may be evicted, and their messages sent again. ` +
      `Set it to noeviction, ${where}.`,
  };
}

function persistence(node: RedisNode): ReturnType<(typeof rules)[number]> {
  // MemoryDB answers a write once its transaction log has it; it says nothing of that in `INFO`.
  if (node.appendOnly !== false || node.managedBy === "MemoryDB") return undefined;
  const severity = node.replicas > 0 ? "warning" : "error";
  if (node.managedBy === "ElastiCache") {
    return {
      ...{ code: "NO_PERSISTENCE", severity },
      text:
        "ElastiCache keeps records in memory only, unless its durability is on (Valkey 9, " +
        "synchronous writes), which it doesn't tell here: when the nodes of a shard are replaced " +
        "together, what was sent is forgotten. Use such a cluster or MemoryDB, or replicas and waitReplicas.",
    };
  }
  return {
    ...{ code: "NO_PERSISTENCE", severity },
    text:
      "appendonly is off: a restart forgets what was sent since the last snapshot, if there is " +
      "one. Set appendonly yes, with appendfsync always where a power cut must not forget either.",
  };
}

function replicas(node: RedisNode): ReturnType<(typeof rules)[number]> {
  if (node.replicas > 0 || node.version === "") return undefined;
  const copy = node.managedBy === "MemoryDB" ? "" : ", and its disk is the only copy";
  return {
    code: "NO_REPLICAS",
    severity: "warning",
    text: `there is no replica: while this server is down nothing is sent${copy}.`,
  };
}

function version({ server, version: is }: RedisNode): ReturnType<(typeof rules)[number]> {
  if (server !== "redis" || !(Number.parseInt(is, 10) < OLDEST_VERSION)) return undefined;
  return {
    code: "OLD_VERSION",
    severity: "error",
    text: `Redis ${is} is older than ${OLDEST_VERSION}: upgrade it.`,
  };
}

function skew({ clockSkewMs }: RedisNode): ReturnType<(typeof rules)[number]> {
  if (Math.abs(clockSkewMs) <= MAX_SKEW_MS) return undefined;
  return {
    code: "CLOCK_SKEW",
    severity: "warning",
    text:
      `the server's clock is ${Math.round(clockSkewMs)} ms off this machine's. Leases go by ` +
      "the server's alone; set both clocks right so that times can be compared.",
  };
}

function unreadable(node: RedisNode): ReturnType<(typeof rules)[number]> {
  const missing = [
    ...(node.evictionPolicy === undefined ? ["maxmemory-policy"] : []),
    ...(node.appendOnly === undefined && node.managedBy !== "MemoryDB" ? ["appendonly"] : []),
  ];
  if (missing.length === 0) return undefined;
  return {
    code: "UNREADABLE_SETTINGS",
    severity: "warning",
    text:
      `it doesn't tell ${missing.join(" and ")}: make sure of noeviction and of persistence yourself, ` +
      "or let this user run INFO.",
  };
}
