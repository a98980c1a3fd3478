import { memoryStore, PermanentError, type DedupeStore } from "@exactly-once/core";
import { testPipeline } from "@exactly-once/core/testing";
import { createUserCache } from "@exactly-once/core/user-cache";
import { redisStore } from "@exactly-once/redis-store";
import { Redis } from "ioredis";
import { strict as assert } from "node:assert";
import { randomUUID } from "node:crypto";
import { formReceived, service } from "./service.js";
import { startStack } from "./stack.js";

const forms = ["A", "B", "C"].map((formId) => ({
  formId,
  email: `${formId}@example.org`.toLowerCase(),
  date: "2026-11-27",
}));

/** Every event comes three times; each has to be sent once, and nothing left behind. */
async function eachOnce(store: DedupeStore): Promise<void> {
  const stack = await startStack();
  try {
    const { sqsEndpoint, queueUrl, ses } = stack;
    const consumer = service({
      namespace: `stranger-${randomUUID()}`,
      queueUrl,
      sqsEndpoint,
      sesEndpoint: ses.endpoint,
      store,
    });
    for (const event of [...forms, ...forms, ...forms]) await stack.submit(event);
    await consumer.start();
    await ses.waitForSent(forms.length, { timeoutMs: 20_000 });
    await consumer.stop({ deadlineMs: 20_000 });
    const recipients = ses.sent().flatMap(({ destinations }) => destinations);
    assert.deepEqual(
      [...recipients].sort(),
      forms.map(({ email }) => email),
    );
  } finally {
    await stack.close();
  }
}

/** What a user of the packages does, by name. */
export const scenarios: Readonly<Record<string, () => Promise<void>>> = {
  "sends each notification once, from memory": () => eachOnce(memoryStore()),

  async "sends each notification once, from Redis"() {
    const client = new Redis(process.env["REDIS_URL"] ?? "redis://127.0.0.1:6379");
    try {
      await eachOnce(redisStore({ client }));
    } finally {
      await client.quit();
    }
  },

  async "tests a pipeline without any service"() {
    const pipeline = formReceived("http://127.0.0.1:1");
    const { effects, disposition } = await testPipeline(pipeline).deliver(forms[0], {
      redeliver: 10,
    });
    assert.equal(disposition, "done");
    assert.equal(effects.length, 1);
  },

  async "knows its errors and has a user cache"() {
    assert.ok(new PermanentError("no such user") instanceof Error);
    const users = createUserCache<{ id: string; email: string }>({
      source: {
        async *pages() {
          yield { users: [{ id: "u1", email: "a@example.org" }] };
        },
      },
      keys: ({ id }) => [id],
      ttlMs: 60_000,
    });
    users.start();
    assert.equal(await users.ready(), true);
    assert.equal((await users.lookup("u1")).status, "found");
    await users.stop();
  },
};
