import { sharedSnapshotSuite, storeSuite } from "@exactly-once/core/testing";
import type { Redis } from "ioredis";
import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { snippetsOf } from "../../../scripts/snippets.mjs";
import fc from "../../../scripts/seeded-fast-check.mjs";
import { redisStore, redisStoreWith } from "./store.js";
import { startRedisServer, type RedisServer } from "./testing/redis-server.js";
import { shortenLives, toldTime } from "./testing/told-time.js";
import { redisUserSnapshot } from "./user-snapshot.js";

/** The user as the guide has it. */
const guide = readFileSync(new URL("../../../docs/guides/permissions.md", import.meta.url), "utf8");
const [rule] = snippetsOf(guide).filter(({ language }) => language === "acl");
const words = (rule?.text ?? "").split(/\s+/).filter((word) => word !== "");
const commands = words.filter((word) => word.startsWith("+")).map((word) => word.slice(1));

/** What this package asks for itself, beside what its scripts call. */
const OWN = ["info", "script|load", "evalsha", "eval", "wait", "get", "hmget"];

let redis: RedisServer;
let admin: Redis;
let client: Redis;

beforeAll(async () => {
  redis = await startRedisServer({ settings: { appendonly: "yes" } });
  admin = redis.connect();
  const [, , ...args] = words.map((word) => (word === ">PASSWORD" ? ">secret" : word));
  await admin.call("ACL", "SETUSER", ...args, "~{exactly-once:users}*");
  client = redis.connect({ username: "forms", password: "secret" });
});

afterAll(() => redis.stop());

it("names what the scripts call, and nothing else", () => {
  const folder = new URL("scripts/", import.meta.url);
  const scripts = readdirSync(folder).map((file) => readFileSync(new URL(file, folder), "utf8"));
  const called = scripts.flatMap((text) =>
    [...text.matchAll(/redis\.p?call\(\s*['"](\w+)['"]/g)].map(([, name = ""]) =>
      name.toLowerCase(),
    ),
  );
  expect([...commands].sort()).toEqual([...new Set([...called, ...OWN])].sort());
});

describe("under the guide's user the store conforms", () => {
  storeSuite({
    test,
    fc,
    unitMs: 60_000,
    runs: 10,
    factory: async ({ retentionMs, pageSize }) => {
      const time = toldTime();
      const keyPrefix = `eo:${randomUUID()}:`;
      const options = { client: time.tell(client), retentionMs, pageSize, keyPrefix };
      const store = () => redisStoreWith(time.scripts, { ...options, commandTimeoutMs: 120_000 });
      return {
        store: store(),
        another: async () => store(),
        elapse: (ms) => time.elapse(admin, keyPrefix, ms),
        close: async () => undefined,
      };
    },
    capabilities: {
      durable: true,
      shared: true,
      clock: "store",
      control: true,
      tripwire: true,
      outage: false,
    },
  });

  it("and may be inspected, and wait for replicas", async () => {
    const store = redisStore({ client, waitReplicas: 1, waitReplicasMs: 1 });
    const { findings } = await store.inspect();
    expect(findings.map(({ code }) => code)).not.toContain("UNREADABLE_SETTINGS");
  });
});

describe("under the guide's user the users' snapshot conforms", () => {
  sharedSnapshotSuite({
    test,
    unitMs: 60_000,
    factory: async ({ graceMs }) => {
      const prefix = "exactly-once:users";
      await admin.unlink("none", ...(await admin.keys(`{${prefix}}*`)));
      const shared = redisUserSnapshot({ client, prefix, graceMs });
      return { shared, elapse: (ms) => shortenLives(admin, `{${prefix}}`, ms) };
    },
  });
});

it("was denied nothing", async () => {
  const log = (await admin.call("ACL", "LOG")) as unknown[][];
  const denied = log.map((entry) => String(entry[entry.indexOf("object") + 1]));
  expect(denied).toEqual([]);
});
