import {
  createBatchProcessor,
  createConsumer,
  definePipeline,
  type Consumer,
  type ConsumerEvent,
  type DedupeStore,
  type MessageQueue,
  type Pipeline,
  type Sender,
  type UnknownPolicy,
} from "@exactly-once/core";
import {
  fromLambdaRecord,
  lambdaBatchResponse,
  type LambdaHandler,
} from "@exactly-once/sqs-adapter";
import type { Life } from "../kernel/host.js";
import type { Wire } from "../kernel/network.js";
import type { Mail, PreparedMail } from "../ports/mailer.js";
import { formEvent, keyParts, NAMESPACE, PIPELINE, type FormEvent } from "./events.js";

export interface ServiceParts {
  readonly life: Life;
  readonly queue: MessageQueue;
  readonly store: DedupeStore;
  readonly mailer: Sender<Mail, PreparedMail>;
  readonly directory: Wire;
  readonly visibilityMs: number;
  readonly concurrency: number;
  readonly maxReceiveCount: number;
  readonly slowMs: number;
  readonly holdForMs: number;
  readonly maxProcessingMs: number;
  readonly onUnknown: UnknownPolicy;
  observe(event: ConsumerEvent): void;
}

/** The notification service under test: the real consumer and pipeline, one email effect. */
export function simulatedService(parts: ServiceParts): Consumer {
  const { life, queue, store, observe } = parts;
  return createConsumer({
    ...{ namespace: NAMESPACE, queue, store, observe },
    pipelines: [simulatedPipeline(parts)],
    concurrency: parts.concurrency,
    visibilityMs: parts.visibilityMs,
    clock: life.clock,
    randomness: life.randomness,
  });
}

/** The same pipeline behind an event source mapping, as the SQS adapter's `createLambdaHandler`. */
export function simulatedLambda(parts: ServiceParts): LambdaHandler {
  const { life, queue, store, observe } = parts;
  const processor = createBatchProcessor({
    ...{ namespace: NAMESPACE, queue, store, observe },
    pipelines: [simulatedPipeline(parts)],
    maxReceives: parts.maxReceiveCount - 1,
    clock: life.clock,
    randomness: life.randomness,
  });
  return async ({ Records }, context) => {
    const messages = Records.map(fromLambdaRecord);
    const visibilityMs = context.getRemainingTimeInMillis();
    await queue
      .extend(messages.map((message) => ({ message, visibilityMs })))
      .catch(() => undefined);
    const settled = await processor.process(messages, context.getRemainingTimeInMillis());
    return lambdaBatchResponse(messages, settled);
  };
}

function simulatedPipeline(parts: ServiceParts): Pipeline {
  const { life } = parts;

  const lookUp = (doctor: string): Promise<string> =>
    parts.directory.call(
      life,
      () => `${doctor}@example.test`,
      () => "found",
    );

  return definePipeline({
    name: PIPELINE,
    schema: formEvent,
    key: keyParts,
    effects: { email: parts.mailer },
    onUnknown: parts.onUnknown,
    holdForMs: parts.holdForMs,
    maxProcessingMs: parts.maxProcessingMs,
    retry: { baseMs: 500, maxMs: 8_000 },
    handler: async (event: FormEvent, context) => {
      const to = await lookUp(event.doctor);
      const mail = { to, text: event.kind === "sameContent" ? "same" : event.form };
      switch (event.kind) {
        case "slow":
          await life.clock.sleep(parts.slowMs, context.signal);
          await context.once("email", mail);
          return;
        case "defer":
          if (context.message.receiveCount === 1) context.defer(2_000, "later");
          await context.once("email", mail);
          return;
        case "fanOut":
          await Promise.all([
            context.once("email", mail, { part: "doctor" }),
            context.once(
              "email",
              { to: "office@example.test", text: event.form },
              { part: "office" },
            ),
          ]);
          return;
        case "waive":
          await context.once("email", mail, { part: "doctor" });
          await context
            .once("email", { to: "office@example.test", text: event.form }, { part: "office" })
            .catch(() => context.waive("email", "a copy nobody needs", { part: "office" }));
          return;
        case "swallow":
          await context.once("email", mail).catch(() => undefined);
          return;
        case "unawaited":
          if (context.message.receiveCount < 3) void context.once("email", mail);
          else await context.once("email", mail);
          return;
        case "skip":
          context.skip("nothing to tell");
          return;
        case "hopeless":
          context.deadLetter("nobody can handle it");
          return;
        default:
          await context.once("email", mail);
      }
    },
  });
}
