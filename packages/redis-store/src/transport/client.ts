import type { Cluster, Redis } from "ioredis";

/** An ioredis client, for one server (or Sentinel) or for a cluster. */
export type RedisClient = Redis | Cluster;

export function isCluster(client: RedisClient): client is Cluster {
  return client.isCluster;
}

/**
 * Leaves a connection to a former primary, where an error says that it is one: after a failover it may
 * stay up as a replica, and would refuse every write for ever. The next connection may lead to the new
 * primary. A cluster's client finds that by itself.
 */
export function leaveFormerPrimary(client: RedisClient, error: unknown): void {
  if (isCluster(client) || client.status !== "ready") return;
  if (error instanceof Error && error.message.includes("READONLY")) client.disconnect(true);
}
