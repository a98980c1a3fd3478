import { Cluster, type ClusterOptions } from "ioredis";
import { setTimeout as sleep } from "node:timers/promises";
import { startRedisServer, type RedisServer } from "./redis-server.js";

/** A cluster of primaries without replicas, on the loopback interface. */
export interface RedisCluster {
  readonly nodes: readonly RedisServer[];
  /** A client of it, closed by `stop`. Its connection errors are not reported. */
  connect(options?: ClusterOptions): Cluster;
  /** How long a node may be silent until the others take it for lost. Default: minutes. */
  noticeLossesAfter(ms: number): Promise<void>;
  stop(): Promise<void>;
}

const SLOTS = 16_384;

/** @param size how many nodes, each with an equal share of the slots; default 3 */
export async function startRedisCluster(size = 3): Promise<RedisCluster> {
  const settings = {
    "cluster-enabled": "yes",
    // Soon formed.
    "cluster-node-timeout": "1000",
    "cluster-config-file": "nodes.conf",
  };
  const nodes = await Promise.all(
    Array.from({ length: size }, () => startRedisServer({ settings })),
  );
  const clients: Cluster[] = [];

  async function noticeLossesAfter(ms: number): Promise<void> {
    await Promise.all(
      nodes.map((node) => node.connect().config("SET", "cluster-node-timeout", String(ms))),
    );
  }

  await form(nodes);
  // On a busy machine a node may be silent for a while.
  await noticeLossesAfter(120_000);
  return {
    nodes,
    connect: (options) => {
      const startup = nodes.map(({ host, port }) => ({ host, port }));
      const client = new Cluster(startup, options);
      client.on("error", ignoreUntilUp);
      clients.push(client);
      return client;
    },
    noticeLossesAfter,
    stop: async () => {
      for (const client of clients) client.disconnect();
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
}

async function form(nodes: readonly RedisServer[]): Promise<void> {
  const [first] = nodes;
  if (!first) return;
  const admins = nodes.map((node) => node.connect());
  await Promise.all(
    admins.map(async (admin, i) => {
      const from = Math.floor((SLOTS * i) / nodes.length);
      const to = Math.floor((SLOTS * (i + 1)) / nodes.length);
      const slots = Array.from({ length: to - from }, (_, slot) => String(from + slot));
      // Redis 6.2 has no ADDSLOTSRANGE.
      await admin.call("CLUSTER", "ADDSLOTS", ...slots);
      await admin.call("CLUSTER", "SET-CONFIG-EPOCH", String(i + 1));
    }),
  );
  await Promise.all(
    admins.map((admin) => admin.call("CLUSTER", "MEET", first.host, String(first.port))),
  );
  for (const admin of admins) {
    while (!(await isWhole(admin, nodes.length))) await sleep(50);
    admin.disconnect();
  }
}

async function isWhole(admin: ReturnType<RedisServer["connect"]>, size: number): Promise<boolean> {
  const info = String(await admin.call("CLUSTER", "INFO"));
  return info.includes("cluster_state:ok") && info.includes(`cluster_known_nodes:${size}`);
}

function ignoreUntilUp(): void {}
