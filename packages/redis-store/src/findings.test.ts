import { describe, expect, it } from "vitest";
import { judgeNode } from "./findings.js";
import { nodeOf } from "./node-settings.js";

/** What a server says of itself; a field that is `undefined` it leaves out. */
function findingsOf(fields: Readonly<Record<string, string | undefined>>) {
  const told = {
    redis_version: "7.1.0",
    maxmemory_policy: "noeviction",
    aof_enabled: "1",
    role: "master",
    connected_slaves: "1",
    ...fields,
  };
  const lines = Object.entries(told).filter(([, value]) => value !== undefined);
  const info = `# Server\r\n${lines.map(([name, value]) => `${name}:${value}\r\n`).join("")}`;
  return judgeNode(nodeOf({ address: "redis:6379", info, clockSkewMs: 0 }));
}

const codesOf = (fields: Readonly<Record<string, string | undefined>>) =>
  findingsOf(fields).map(({ code, severity }) => [code, severity]);

describe("ElastiCache", () => {
  const elastiCache = { os: "Amazon ElastiCache", aof_enabled: "0" };

  it("evicts by default, and says so where CONFIG is denied", () => {
    const findings = findingsOf({ ...elastiCache, maxmemory_policy: "volatile-lru" });
    expect(findings.map(({ code, severity }) => [code, severity])).toEqual([
      ["EVICTION", "error"],
      ["NO_PERSISTENCE", "warning"],
    ]);
    expect(findings[0]?.text).toContain("parameter group");
    expect(findings[1]?.text).toContain("durability");
  });

  it("keeps nothing where one node is all there is", () => {
    expect(codesOf({ ...elastiCache, connected_slaves: "0" })).toEqual([
      ["NO_PERSISTENCE", "error"],
      ["NO_REPLICAS", "warning"],
    ]);
  });

  it("for Valkey is judged by Valkey's version", () => {
    const fields = { ...elastiCache, redis_version: "7.2.4", valkey_version: "8.0.1" };
    expect(codesOf(fields)).toEqual([["NO_PERSISTENCE", "warning"]]);
    const info = Object.entries({ ...fields }).map(([name, value]) => `${name}:${value}`);
    expect(nodeOf({ address: "a", info: info.join("\r\n"), clockSkewMs: 0 })).toMatchObject({
      server: "valkey",
      version: "8.0.1",
      managedBy: "ElastiCache",
    });
  });
});

describe("MemoryDB", () => {
  const memoryDb = { os: "Amazon MemoryDB", redis_version: "6.2.6", aof_enabled: "0" };

  it("keeps what it answered, though it names no log of its own", () => {
    expect(codesOf(memoryDb)).toEqual([]);
    expect(codesOf({ ...memoryDb, aof_enabled: undefined })).toEqual([]);
  });

  it("evicts where its parameter group says so", () => {
    expect(codesOf({ ...memoryDb, maxmemory_policy: "allkeys-lru" })).toEqual([
      ["EVICTION", "error"],
    ]);
  });
});

describe("a server", () => {
  it("whose writes another server's later one can undo is refused", () => {
    expect(codesOf({ role: "active-replica" })).toEqual([["ACTIVE_ACTIVE", "error"]]);
  });

  it("that keeps its settings to itself is told to be looked at, not refused", () => {
    const findings = findingsOf({ maxmemory_policy: undefined, aof_enabled: undefined });
    expect(findings.map(({ code, severity }) => [code, severity])).toEqual([
      ["UNREADABLE_SETTINGS", "warning"],
    ]);
    expect(findings[0]?.text).toContain("maxmemory-policy and appendonly");
  });

  it("too old for the scripts is refused", () => {
    expect(codesOf({ redis_version: "5.0.14" })).toEqual([["OLD_VERSION", "error"]]);
  });
});
