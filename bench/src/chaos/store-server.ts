import type { DedupeStore } from "@exactly-once/core";
import { postgresStore } from "@exactly-once/postgres-store";
import { createTable, startPostgresServer } from "@exactly-once/postgres-store/testing";
import { redisStore } from "@exactly-once/redis-store";
import { startRedisServer } from "@exactly-once/redis-store/testing";
import { Redis } from "ioredis";
import pg from "pg";

export const STORE_KINDS = ["redis", "postgres"] as const;
export type StoreKind = (typeof STORE_KINDS)[number];

/** Where a replica finds its store. */
export interface StoreAddress {
  readonly kind: StoreKind;
  readonly url: string;
  /** PostgreSQL's. */
  readonly schema: string | undefined;
}

/** A server that keeps on disk whatever it has answered. */
export interface StoreServer {
  readonly address: StoreAddress;
  /** `SIGKILL`. */
  kill(): Promise<void>;
  /** Again, on what it kept. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export async function startStoreServer(kind: StoreKind): Promise<StoreServer> {
  if (kind === "redis") {
    const server = await startRedisServer({
      settings: { appendonly: "yes", appendfsync: "always" },
    });
    return { ...endings(server), address: { kind, url: server.url, schema: undefined } };
  }
  const server = await startPostgresServer({ settings: { fsync: "on" } });
  const schema = await createTable(server.pool());
  return { ...endings(server), address: { kind, url: server.url, schema } };
}

function endings(server: Omit<StoreServer, "address">): Omit<StoreServer, "address"> {
  return { kill: () => server.kill(), start: () => server.start(), stop: () => server.stop() };
}

export interface OpenStore {
  readonly store: DedupeStore;
  close(): Promise<void>;
}

/** A process' own connections. They find the server again after each of its deaths. */
export function openStore({ kind, url, schema }: StoreAddress, pageSize: number): OpenStore {
  if (kind === "redis") {
    const client = new Redis(url, { retryStrategy: () => 200, maxRetriesPerRequest: 1 });
    client.on("error", ignoreOutage);
    const store = redisStore({ client, commandTimeoutMs: 1_000, pageSize });
    return { store, close: async () => client.disconnect() };
  }
  const pool = new pg.Pool({ connectionString: url, max: 4 });
  pool.on("error", ignoreOutage);
  const store = postgresStore({ pool, schema, callTimeoutMs: 1_000, pageSize });
  return { store, close: () => pool.end() };
}

function ignoreOutage(): void {}
