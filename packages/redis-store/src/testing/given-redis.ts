import { Redis } from "ioredis";
import { startRedisServer } from "./redis-server.js";

/** A Redis for tests: the one given as `REDIS_URL`, which is never flushed, or a throwaway. */
export interface GivenRedis {
  connect(): Redis;
  stop(): Promise<void>;
}

export async function givenRedis(): Promise<GivenRedis> {
  const url = process.env["REDIS_URL"];
  if (!url) return startRedisServer();
  const clients: Redis[] = [];
  return {
    connect: () => {
      const client = new Redis(url);
      clients.push(client);
      return client;
    },
    stop: async () => {
      await Promise.all(clients.map((client) => client.quit()));
    },
  };
}
