import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createBatchProcessor } from "../batch/batch-processor.js";
import { ConfigurationError } from "../errors.js";
import { memoryStore } from "../memory-store/memory-store.js";
import { definePipeline } from "../pipeline/pipeline.js";
import { memoryQueue } from "../testing/memory-queue.js";
import { createVirtualClock } from "../testing/virtual-clock.js";
import { createUserCache } from "../user-cache/user-cache.js";
import { createConsumer } from "./consumer.js";
import type { ConsumerOptions } from "./options.js";

const clock = createVirtualClock();

function pipelineOf(name = "letters") {
  return definePipeline({
    name,
    schema: z.object({ id: z.string() }),
    key: ({ id }) => [id],
    effects: {},
    handler: () => Promise.resolve(),
  });
}

function options(over: Readonly<Partial<Record<keyof ConsumerOptions, unknown>>>): ConsumerOptions {
  return {
    namespace: "tests",
    queue: memoryQueue({ clock }),
    store: memoryStore({ clock }),
    pipelines: [pipelineOf()],
    clock,
    ...over,
  } as ConsumerOptions;
}

type Case = readonly [string, Readonly<Partial<Record<keyof ConsumerOptions, unknown>>>, string];

const ofBoth: readonly Case[] = [
  ["no namespace", { namespace: undefined }, "namespace is missing; give 1 to 100 of"],
  ["a namespace with a space", { namespace: "my service" }, 'namespace is "my service"'],
  ["no queue", { queue: undefined }, "queue is missing; give a queue, such as sqsQueue"],
  ["a client as queue", { queue: { send() {} } }, "queue has no describe()"],
  ["no store", { store: null }, "store is null; give a store, such as redisStore"],
  ["a Redis client as store", { store: { get() {} } }, "store has no claim()"],
  ["no pipelines", { pipelines: undefined }, "pipelines is empty or no array"],
  ["an empty list of pipelines", { pipelines: [] }, "pipelines is empty or no array"],
  [
    "a definition that isn't checked",
    { pipelines: [{ name: "raw", key() {}, handler() {} }] },
    "pipelines[0] isn't checked yet; make it with definePipeline",
  ],
  ["two of a name", { pipelines: [pipelineOf(), pipelineOf()] }, "two pipelines have the name"],
  [
    "several without select",
    { pipelines: [pipelineOf(), pipelineOf("other")] },
    "several pipelines need select",
  ],
  ["a select that is none", { select: "form" }, 'select is "form"; give a function'],
  ["no tries", { maxTries: 0 }, "maxTries is 0; give a whole number from 1"],
  ["tries that are no number", { maxTries: Number.NaN }, "maxTries is NaN"],
  ["a delivery that is none", { delivery: "test" }, 'delivery is "test"; give "live" or "dry-run"'],
  ["an allowlist without allow", { delivery: { mode: "allowlist" } }, "delivery.allow is missing"],
  ["a code to allow outside a list", { allow: "EVICTION" }, "allow is no array; give codes"],
  ["a code that can be none", { allow: ["eviction"] }, 'allow[0] is "eviction"; give a code'],
  ["an empty secret", { digestSecret: "" }, 'digestSecret is ""'],
  ["an observer that is none", { observe: {} }, "observe is an object; give a function"],
];

const ofConsumer: readonly Case[] = [
  ["no handlers", { concurrency: 0 }, "concurrency is 0"],
  ["a part of a handler", { concurrency: 1.5 }, "concurrency is 1.5"],
  ["handlers without end", { concurrency: Infinity }, "concurrency is Infinity"],
  ["no pollers", { maxPollers: 0 }, "maxPollers is 0; give a whole number from 1 to 1,000"],
  ["a visibility without end", { visibilityMs: Infinity }, "visibilityMs is Infinity"],
  ["a visibility too short", { visibilityMs: 500 }, "from 1,000 to 21,600,000"],
  ["a wait that is no number", { waitMs: Number.NaN }, "waitMs is NaN"],
  ["a wait as long as the visibility", { visibilityMs: 2_000, waitMs: 1_000 }, "waitMs is 1000"],
  ["a ready that is none", { ready: true }, "ready is a boolean; give a function"],
];

describe.each([
  ["createConsumer", createConsumer, [...ofBoth, ...ofConsumer]],
  ["createBatchProcessor", createBatchProcessor, ofBoth],
] as const)("%s", (caller, create, cases) => {
  it.each(cases)("refuses %s, and says what to give", (_, over, text) => {
    expect(() => create(options(over))).toThrow(ConfigurationError);
    expect(() => create(options(over))).toThrow(`${caller}: `);
    expect(() => create(options(over))).toThrow(text);
  });

  it("takes options that are undefined for their defaults", () => {
    const over = { select: undefined, decode: undefined, maxTries: undefined };
    expect(() => create({ ...options({}), ...over, observe: undefined })).not.toThrow();
  });
});

describe("ready", () => {
  const source = { async *pages() {} };

  it("can be a user cache's, and ends the start where the cache was stopped", async () => {
    const cache = createUserCache({ source, keys: (user: string) => [user], ttlMs: 1_000, clock });
    const consumer = createConsumer({
      ...options({ allow: ["NO_DEAD_LETTER_QUEUE"] }),
      ready: () => cache.ready(),
    });
    const started = consumer.start();
    started.catch(() => undefined);
    await clock.advance(1_000);
    expect(consumer.health()).toMatchObject({ state: "starting", ready: false });
    await clock.run(cache.stop());
    await expect(started).rejects.toThrow("ready() resolved with false");
  });
});
