import type { Cluster, Redis } from "ioredis";

/** An ioredis client, for one server (or Sentinel) or for a cluster. */
export type RedisClient = Redis | Cluster;

export function isCluster(client: RedisClient): client is Cluster {
  return client.isCluster;
}
