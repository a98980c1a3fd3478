/** One primary, as it says itself. What it doesn't tell is absent. */
export interface RedisNode {
  readonly address: string;
  /** `redis` or `valkey`. */
  readonly server: string;
  readonly version: string;
  /** Of AWS's services the one that runs it, where it says so. */
  readonly managedBy?: "ElastiCache" | "MemoryDB";
  readonly evictionPolicy?: string;
  /** Bytes; 0 is no limit. */
  readonly maxMemory: number;
  readonly appendOnly?: boolean;
  /** Whether snapshots have been taken; a server that takes none has no `save` points or no changes yet. */
  readonly snapshots: boolean;
  readonly replicas: number;
  /** It takes writes that another server takes, too, and the last of them wins. */
  readonly activeActive: boolean;
  /** The server's clock less this machine's, ms; good to half of the round trip. */
  readonly clockSkewMs: number;
}

/** What a server says of itself in `INFO`; the text is empty where it may not be asked. */
export function nodeOf({
  address,
  info: text,
  clockSkewMs,
}: {
  readonly address: string;
  readonly info: string;
  readonly clockSkewMs: number;
}): RedisNode {
  const info = parseInfo(text);
  const isValkey = info.has("valkey_version");
  const managedBy = managerOf(info.get("os"));
  const evictionPolicy = info.get("maxmemory_policy");
  const appendOnly = info.get("aof_enabled");
  return {
    address,
    server: isValkey ? "valkey" : "redis",
    version: info.get(isValkey ? "valkey_version" : "redis_version") ?? "",
    ...(managedBy === undefined ? {} : { managedBy }),
    ...(evictionPolicy === undefined ? {} : { evictionPolicy }),
    maxMemory: Number(info.get("maxmemory") ?? 0),
    ...(appendOnly === undefined ? {} : { appendOnly: appendOnly === "1" }),
    snapshots: Number(info.get("rdb_saves") ?? 0) > 0,
    replicas: Number(info.get("connected_slaves") ?? 0),
    // KeyDB's name for a server with `active-replica yes`.
    activeActive: info.get("role") === "active-replica",
    clockSkewMs,
  };
}

/** AWS's services name themselves in the place of the operating system. */
function managerOf(os = ""): RedisNode["managedBy"] {
  if (os.includes("Amazon ElastiCache")) return "ElastiCache";
  return os.includes("Amazon MemoryDB") ? "MemoryDB" : undefined;
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
