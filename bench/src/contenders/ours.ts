import {
  createConsumer,
  type DedupeStore,
  definePipeline,
  memoryStore,
  type Sender,
} from "@exactly-once/core";
import { redisStore } from "@exactly-once/redis-store";
import { sqsQueue } from "@exactly-once/sqs-adapter";
import { Redis } from "ioredis";
import { z } from "zod";
import type { Contender, Work, WorkEvent } from "./contender.js";

const schema = z.object({ id: z.number() });

/** The handler does the work itself: no effect to guard, a store in memory. */
export const ours: Contender = (work) =>
  consume(
    work,
    memoryStore(),
    definePipeline({
      name: "work",
      schema,
      key: ({ id }) => [id],
      effects: {},
      handler: async (event, context) => {
        await work.handle(event as WorkEvent);
        context.skip("work has no effect");
      },
    }),
  );

/** The whole promise: the work is an effect, begun and settled in Redis. */
export const oursOnRedis: Contender = (work) => {
  const effect: Sender<WorkEvent> = {
    prepare: (event) => Promise.resolve(event),
    send: async (event) => {
      await work.handle(event as WorkEvent);
      return { status: "accepted", receipt: { id: "done", at: Date.now(), via: "provider" } };
    },
  };
  return consume(
    work,
    redisStore({ client: new Redis(work.redisUrl ?? "") }),
    definePipeline({
      name: "work",
      schema,
      key: ({ id }) => [id],
      effects: { effect },
      handler: async (event, context) => {
        await context.once("effect", event as WorkEvent);
      },
    }),
  );
};

async function consume(
  work: Work,
  store: DedupeStore,
  pipeline: ReturnType<typeof definePipeline>,
): Promise<void> {
  const { client, queueUrl, concurrency, pollers } = work;
  const consumer = createConsumer({
    namespace: "bench",
    queue: sqsQueue({ client, queueUrl }),
    store,
    pipelines: [pipeline],
    // The figures are of Redis without its disk.
    allow: ["NO_PERSISTENCE"],
    concurrency,
    maxPollers: pollers,
  });
  await consumer.start();
}
