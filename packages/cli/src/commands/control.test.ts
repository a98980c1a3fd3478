import { startRedisCluster } from "@exactly-once/redis-store/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  createWorkplace,
  blockedEffect,
  startStore,
  unknownEffect,
  type LocalStore,
  type Workplace,
} from "../cli.fixture.js";

describe("pause, resume and status", () => {
  let local: LocalStore;
  let place: Workplace;
  beforeAll(async () => {
    local = await startStore();
    place = await createWorkplace({ REDIS_URL: local.url, EXACTLY_ONCE_NAMESPACE: "service" });
  });
  afterAll(async () => {
    await place.close();
    await local.stop();
  });

  it("pauses the namespace, tells who did it and why, and resumes", async () => {
    const paused = await place.run(["pause", "--by", "ann", "--why", "duplicates"]);
    expect(paused).toMatchObject({ code: 0, json: { namespace: "service", paused: true } });
    expect((await local.store.control.status("service")).namespace).toMatchObject({
      ...{ by: "ann", why: "duplicates" },
    });
    const status = await place.run(["status", "--no-json"]);
    expect(status.code).toBe(0);
    expect(status.stdout).toMatch(/\(everything\) +paused .* by ann: duplicates/);
    expect(await place.run(["status"])).toMatchObject({ json: { paused: { by: "ann" } } });

    const resumed = await place.run(["resume"]);
    expect(resumed).toMatchObject({ code: 0, json: { wasPaused: true } });
    expect(await place.run(["status"])).toMatchObject({ json: { paused: null } });
  });

  it("pauses one pipeline, and says so when the rest is resumed", async () => {
    await place.run(["pause", "--pipeline", "form-updated"], { env: { USER: "bob" } });
    const resumed = await place.run(["resume", "--no-json"]);
    expect(resumed.stdout).toMatch(/was not paused/);
    expect(resumed.stdout).toMatch(/Still paused: pipeline form-updated/);
    expect(await place.run(["status"])).toMatchObject({
      json: { pipelines: { "form-updated": { by: "bob", why: "not given" } } },
    });
    await place.run(["resume", "-p", "form-updated"]);
    expect((await local.store.control.status("service")).pipelines).toEqual({});
  });

  it("counts what needs attention", async () => {
    await unknownEffect(local.store, "counted-1");
    await blockedEffect(local.store, "counted-2");
    await unknownEffect(local.store, "foreign", { namespace: "another-service" });
    const counts = { pipeline: "form-updated", unknown: 1, blocked: 1, deadLettered: 0 };
    expect(await place.run(["status"])).toMatchObject({ json: { unresolved: [counts] } });
  });

  it("ends with 2 and one message for all that is wrong in the configuration", async () => {
    await place.write(
      "bad.json",
      JSON.stringify({ namespace: "a b", queues: { q: { url: "x" } }, colour: "red" }),
    );
    const run = await place.run(["status", "--config", "bad.json"], {
      env: { EXACTLY_ONCE_NAMESPACE: "", REDIS_URL: "http://localhost" },
    });
    expect(run).toMatchObject({ code: 2, stdout: "" });
    expect(run.stderr).toMatch(/namespace \(from bad\.json\): must be 1 to 100/);
    expect(run.stderr).toMatch(/redis\.url \(from REDIS_URL\): must begin with redis:\/\//);
    expect(run.stderr).toMatch(/queues\.q\.url \(from bad\.json\): must be an http/);
    expect(run.stderr).toMatch(/colour/);
  });

  it("ends with 2 where something is missing, with how to give it", async () => {
    const noNamespace = await place.run(["pause"], { env: { EXACTLY_ONCE_NAMESPACE: "" } });
    expect(noNamespace.code).toBe(2);
    expect(noNamespace.stderr).toMatch(/The namespace is missing: pass --namespace/);
    const noRedis = await place.run(["status"], { env: { REDIS_URL: "" } });
    expect(noRedis.code).toBe(2);
    expect(noRedis.stderr).toMatch(/--redis-url/);
    expect((await place.run(["pause", "--nonsense"])).code).toBe(2);
    expect((await place.run(["status", "-c", "absent.json"])).code).toBe(2);
  });

  it("takes flags over the environment over the file", async () => {
    const settings = { namespace: "from-file", redis: { url: local.url } };
    await place.write("exactly-once.json", JSON.stringify(settings));
    const env = { EXACTLY_ONCE_NAMESPACE: "", REDIS_URL: "" };
    expect(await place.run(["status"], { env })).toMatchObject({
      json: { namespace: "from-file" },
    });
    expect(await place.run(["status"])).toMatchObject({ json: { namespace: "service" } });
    expect(await place.run(["status", "-n", "by-flag"])).toMatchObject({
      json: { namespace: "by-flag" },
    });
  });

  it("works on a cluster", async () => {
    const cluster = await startRedisCluster();
    try {
      const { host, port } = cluster.nodes[0] ?? { host: "", port: 0 };
      const redis = { url: `redis://${host}:${port}`, cluster: true };
      await place.write("cluster.json", JSON.stringify({ namespace: "service", redis }));
      const env = { REDIS_URL: "" };
      expect((await place.run(["pause", "-c", "cluster.json", "--by", "ann"], { env })).code).toBe(
        0,
      );
      const status = await place.run(["status", "-c", "cluster.json"], { env });
      expect(status).toMatchObject({ code: 0, json: { paused: { by: "ann" }, unresolved: [] } });
    } finally {
      await cluster.stop();
    }
  });

  it("ends with 4 when Redis doesn't answer, and says what it heard", async () => {
    const run = await place.run(["status", "--redis-url", "redis://127.0.0.1:1"]);
    expect(run).toMatchObject({ code: 4, stdout: "" });
    expect(run.stderr).toMatch(/ECONNREFUSED/);
  });
});
