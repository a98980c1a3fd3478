import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { startRedisServer, type RedisServer } from "@exactly-once/redis-store/testing";
import { GetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { bundlePrograms } from "../../../scripts/bundle-programs.mjs";
import { traineeIdOf } from "./local/cognito-pool.js";
import { sampleForm } from "./local/sample-events.js";
import { startLocalStack, type LocalStack, type LocalStackOptions } from "./local/stack.js";
import { HANGS_MS } from "./service.fixture.js";
import { spawnService, type ServiceProcess } from "./service-process.fixture.js";

let stack: LocalStack;
let redis: RedisServer;
let bundle: Awaited<ReturnType<typeof bundlePrograms>>;
const spawned: ServiceProcess[] = [];

beforeAll(async () => {
  const inPackage = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));
  bundle = await bundlePrograms(inPackage(""), { main: inPackage("src/main.ts") });
  redis = await startRedisServer({ settings: { appendonly: "yes" } });
});

afterEach(async () => {
  for (const service of spawned.splice(0)) {
    service.kill("SIGKILL");
    await service.ended;
  }
  await stack.close();
});

afterAll(async () => {
  await redis.stop();
  await bundle.remove();
});

async function setUp(options?: LocalStackOptions): Promise<void> {
  stack = await startLocalStack(options);
}

function spawn(env: Readonly<Record<string, string>> = {}): ServiceProcess {
  const service = spawnService(bundle.programs["main"] ?? "", stack, env);
  spawned.push(service);
  return service;
}

/** Settings under which replicas, and successors, share what they know. */
const shared = (namespace: string) => ({ REDIS_URL: redis.url, NAMESPACE: namespace });

async function messagesLeft(): Promise<number> {
  const { Attributes } = await stack.queues.client.send(
    new GetQueueAttributesCommand({
      QueueUrl: stack.formUpdated.url,
      AttributeNames: ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
    }),
  );
  return (
    Number(Attributes?.ApproximateNumberOfMessages) +
    Number(Attributes?.ApproximateNumberOfMessagesNotVisible)
  );
}

describe("SIGTERM", () => {
  it("lets the email under way be sent and acknowledged, then ends the process with 0", async () => {
    await setUp();
    const service = spawn();
    await service.logged("ready");
    stack.ses.faults.set([{ fault: { kind: "delay", ms: 1_500 }, when: { on: "every" } }]);
    await stack.submitForm(sampleForm());
    await service.logged("attemptBegun");
    service.kill("SIGTERM");
    expect(await service.ended).toBe(0);
    expect(stack.ses.accepted()).toBe(1);
    expect(await messagesLeft()).toBe(0);
    expect(service.log()).toContain('"msg":"stopped"');
  });

  it("ends the process while it still waits for the users", async () => {
    await setUp({ cognito: { users: 600, pageLatencyMs: 60_000 } });
    const service = spawn();
    await service.logged("listening");
    service.kill("SIGTERM");
    expect(await service.ended).toBe(0);
  });
});

describe("a process that can't start", () => {
  it("says what is wrong with its environment, and ends with 1", async () => {
    await setUp();
    const service = spawn({ APP_URL: "", DELIVERY: "maybe" });
    expect(await service.ended).toBe(1);
    expect(service.log()).toContain("- APP_URL is missing");
    expect(service.log()).toContain("- DELIVERY is none of these");
  });

  it("says that a queue is missing, and ends with 1", async () => {
    await setUp();
    const service = spawn({
      FORM_UPDATED_QUEUE_URL: `${stack.awsEndpoint}/000000000000/none.fifo`,
    });
    expect(await service.ended).toBe(1);
    expect(service.log()).toContain("could not start");
  });
});

describe("the build", () => {
  it("runs by itself, and finds the templates of its emails", async () => {
    const cwd = fileURLToPath(new URL("..", import.meta.url));
    const outDir = join(cwd, "dist", "test");
    const tsup = createRequire(import.meta.url).resolve("tsup/package.json");
    const cli = join(dirname(tsup), "dist", "cli-default.js");
    await promisify(execFile)(process.execPath, [cli, "--out-dir", outDir], { cwd });
    await setUp();
    const service = spawnService(join(outDir, "main.js"), stack);
    spawned.push(service);
    await service.logged("ready");
    await stack.submitForm(sampleForm());
    const [email] = await stack.ses.waitForSent(1, { timeoutMs: HANGS_MS });
    expect(email?.mime.subject).toBe("We have received your Form R (Part A)");
    await rm(outDir, { recursive: true });
  });
});

describe("a restart", () => {
  it("sends what its predecessor had received and not begun", async () => {
    await setUp({ cognito: { users: 200 } });
    const env = { ...shared("not-begun"), VISIBILITY_SECONDS: "2" };
    const first = spawn(env);
    await first.logged("ready");
    // The trainee isn't known yet, so that the message is under way while the pool is walked.
    stack.cognito.configure({ pageLatencyMs: 5_000 });
    stack.cognito.addUsers([
      { username: "new", attributes: { email: "new@example.org", "custom:tisId": "new" } },
    ]);
    await stack.submitForm(sampleForm({ traineeId: "new" }));
    await first.logged("claimed");
    first.kill("SIGKILL");
    expect(await first.ended).toBe("SIGKILL");
    stack.cognito.configure({ pageLatencyMs: 0 });
    spawn({ ...env, USER_CACHE_MIN_INTERVAL_SECONDS: "0" });
    await stack.ses.waitForSent(1, { timeoutMs: HANGS_MS });
  });

  it("doesn't send again what its predecessor may have sent, and holds it", async () => {
    await setUp();
    const env = {
      ...shared("may-have-sent"),
      VISIBILITY_SECONDS: "2",
      // Nobody tells what became of it.
      SES_EVENTS_QUEUE_URL: "",
    };
    const first = spawn(env);
    await first.logged("ready");
    stack.ses.faults.set([{ fault: "accept-then-hang", when: { on: "every" } }]);
    await stack.submitForm(sampleForm());
    await stack.ses.waitForSent(1, { timeoutMs: HANGS_MS });
    first.kill("SIGKILL");
    await first.ended;
    stack.ses.faults.clear();
    const second = spawn(env);
    await second.logged("held");
    await sleep(1_000);
    expect(stack.ses.accepted()).toBe(1);
    expect(await messagesLeft()).toBe(1);
    second.kill("SIGTERM");
    expect(await second.ended).toBe(0);
  });

  it("finishes what SES's event says that its predecessor has sent", async () => {
    await setUp();
    const env = { ...shared("has-sent"), VISIBILITY_SECONDS: "2" };
    const first = spawn(env);
    await first.logged("ready");
    stack.ses.faults.set([{ fault: "accept-then-hang", when: { on: "every" } }]);
    stack.ses.events.setFaults({ seed: 1, late: 1, lateMs: 600_000 });
    await stack.submitForm(sampleForm());
    await stack.ses.waitForSent(1, { timeoutMs: HANGS_MS });
    first.kill("SIGKILL");
    await first.ended;
    stack.ses.faults.clear();
    const second = spawn(env);
    await second.logged("held");
    await stack.ses.events.flush();
    await second.logged("done");
    await expect.poll(messagesLeft).toBe(0);
    expect(stack.ses.accepted()).toBe(1);
  });
});

describe("two replicas with one Redis", () => {
  it("send each notification once, on one walk of the pool", async () => {
    await setUp({ cognito: { users: 300, pageLatencyMs: 20 } });
    const env = { ...shared("replicas"), CONCURRENCY: "5" };
    const replicas = [spawn(env), spawn(env)];
    await Promise.all(replicas.map((replica) => replica.logged("ready")));
    expect(stack.cognito.counts().walks).toBe(1);
    const events = Array.from({ length: 60 }, (_, position) =>
      sampleForm({ traineeId: traineeIdOf(position) }),
    );
    stack.ses.faults.set([{ fault: { kind: "delay", ms: 2_000 }, when: { on: "every" } }]);
    // Each three times, in groups of their own, so that replicas meet over one key.
    for (const copy of ["a", "b", "c"]) {
      await Promise.all(
        events.map((event, index) => stack.submitForm(event, `group-${copy}-${index}`)),
      );
    }
    // Until both are at work, neither gets on.
    await Promise.all(replicas.map((replica) => replica.logged("attemptBegun")));
    stack.ses.faults.clear();
    await expect.poll(messagesLeft).toBe(0);
    const recipients = stack.ses.sent().flatMap(({ destinations }) => destinations);
    expect(recipients).toHaveLength(60);
    expect(new Set(recipients).size).toBe(60);
    for (const replica of replicas) await replica.logged("done");
  });
});
