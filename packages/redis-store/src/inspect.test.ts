import { StoreUnavailableError } from "@exactly-once/core";
import { afterEach, expect, it } from "vitest";
import { redisStore } from "./store.js";
import { startRedisCluster } from "./testing/redis-cluster.js";
import { startRedisServer, type RedisServer } from "./testing/redis-server.js";

const stops: (() => Promise<void>)[] = [];

afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
});

async function serverWith(settings: Readonly<Record<string, string>>): Promise<RedisServer> {
  const server = await startRedisServer({ settings });
  stops.push(() => server.stop());
  return server;
}

const codeOf = ({ code }: { readonly code: string }) => code;

async function inspected(server: RedisServer) {
  return redisStore({ client: server.connect() }).inspect();
}

it("reports nothing but the missing replica of a durable server", async () => {
  const server = await serverWith({ appendonly: "yes" });
  const { nodes, findings } = await inspected(server);
  expect(findings.map(({ code, severity }) => [code, severity])).toEqual([
    ["NO_REPLICAS", "warning"],
  ]);
  expect(nodes).toMatchObject([
    {
      ...{ address: `127.0.0.1:${server.port}`, evictionPolicy: "noeviction", appendOnly: true },
      clockSkewMs: expect.any(Number) as number,
    },
  ]);
});

it("reports that records may be evicted", async () => {
  const server = await serverWith({ appendonly: "yes", "maxmemory-policy": "allkeys-lru" });
  const { findings } = await inspected(server);
  expect(findings).toContainEqual(expect.objectContaining({ code: "EVICTION", severity: "error" }));
});

it("reports that a restart forgets", async () => {
  const { findings } = await inspected(await serverWith({}));
  expect(findings).toContainEqual(
    expect.objectContaining({ code: "NO_PERSISTENCE", severity: "error" }),
  );
});

it("counts replicas, and takes them for some persistence", async () => {
  const primary = await serverWith({ "repl-diskless-sync-delay": "0" });
  const replica = await serverWith({ replicaof: `${primary.host} ${primary.port}` });
  await expect.poll(() => replica.connect().info("replication")).toContain("status:up");
  await expect.poll(() => primary.connect().info("replication")).toContain("state=online");
  const { nodes, findings } = await inspected(primary);
  expect(nodes[0]?.replicas).toBe(1);
  expect(findings.map(({ code, severity }) => [code, severity])).toEqual([
    ["NO_PERSISTENCE", "warning"],
  ]);
});

it("reports a clock that is off", async () => {
  const server = await serverWith({ appendonly: "yes" });
  const now = Date.now;
  try {
    Date.now = () => now() - 60_000;
    const { findings } = await inspected(server);
    expect(findings).toContainEqual(expect.objectContaining({ code: "CLOCK_SKEW" }));
  } finally {
    Date.now = now;
  }
});

it("looks at every primary of a cluster", async () => {
  const cluster = await startRedisCluster();
  stops.push(() => cluster.stop());
  const store = redisStore({ client: cluster.connect() });
  await store.ping();
  const { nodes, findings } = await store.inspect();
  expect(nodes.map(({ address }) => address).sort()).toEqual(
    cluster.nodes.map(({ host, port }) => `${host}:${port}`).sort(),
  );
  expect(findings.filter(({ code }) => code === "NO_PERSISTENCE")).toHaveLength(3);
});

it("reads the eviction policy from CONFIG where INFO is denied, and tells what it can't know", async () => {
  const server = await serverWith({ appendonly: "yes", "maxmemory-policy": "allkeys-lru" });
  const admin = server.connect();
  await admin.call("ACL", "SETUSER", "narrow", "on", ">pass", "~*", "+@all", "-info");
  const narrow = server.connect({ username: "narrow", password: "pass", enableReadyCheck: false });
  const codes = async () => (await redisStore({ client: narrow }).inspect()).findings.map(codeOf);
  expect(await codes()).toEqual(["EVICTION", "UNREADABLE_SETTINGS"]);
  await admin.call("ACL", "SETUSER", "narrow", "-config");
  expect(await codes()).toEqual(["UNREADABLE_SETTINGS"]);
});

it("answers a start with what it found, by address and without its password", async () => {
  const server = await serverWith({ "maxmemory-policy": "allkeys-lru" });
  await server.connect().call("ACL", "SETUSER", "service", "on", ">hidden", "~*", "+@all");
  const store = redisStore({
    client: server.connect({ username: "service", password: "hidden" }),
  });
  const findings = await store.verify();
  expect(findings.map(codeOf)).toEqual(["EVICTION", "NO_PERSISTENCE", "NO_REPLICAS"]);
  expect(findings[0]?.text).toContain(`Redis 127.0.0.1:${server.port}: maxmemory-policy`);
  expect(JSON.stringify(findings)).not.toContain("hidden");
});

it("throws where the server doesn't answer", async () => {
  const server = await serverWith({});
  const client = server.connect();
  const store = redisStore({ client, commandTimeoutMs: 200 });
  await client.ping();
  process.kill(server.pid, "SIGSTOP");
  await expect(store.inspect()).rejects.toBeInstanceOf(StoreUnavailableError);
});
