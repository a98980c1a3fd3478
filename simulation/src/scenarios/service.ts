import {
  type Consumer,
  type ConsumerEvent,
  createConsumer,
  type DedupeStore,
  definePipeline,
  type MessageQueue,
  PermanentError,
  type Pipeline,
  type Sender,
  type UnknownPolicy,
} from "@exactly-once/core";
import { createBatchProcessor } from "@exactly-once/core/ports";
import {
  fromLambdaRecord,
  lambdaBatchResponse,
  type LambdaHandler,
} from "@exactly-once/sqs-adapter";
import type { Life } from "../kernel/host.js";
import type { Wire } from "../kernel/network.js";
import type { Mail, PreparedMail } from "../ports/mailer.js";
import { decoderOf } from "./envelopes.js";
import {
  formEvent,
  isStranger,
  keyParts,
  NAMESPACE,
  OTHER_PIPELINE,
  PIPELINE,
  pipelineOf,
  type FormEvent,
} from "./events.js";
import type { ObserverHabit } from "./settings.js";
import type { Variation } from "./variation.js";

const DAY_MS = 24 * 60 * 60_000;

export interface ServiceParts {
  readonly life: Life;
  readonly queue: MessageQueue;
  readonly store: DedupeStore;
  readonly mailer: Sender<Mail, PreparedMail>;
  /** The second pipeline's, where there is one. */
  readonly otherMailer?: Sender<Mail, PreparedMail>;
  readonly directory: Wire;
  /** Where claim checks lie. */
  readonly storage: Wire;
  readonly visibilityMs: number;
  readonly concurrency: number;
  readonly maxHeld: number;
  readonly maxReceiveCount: number;
  readonly slowMs: number;
  readonly thinkMs: number;
  readonly holdForMs: number;
  readonly maxProcessingMs: number;
  readonly onUnknown: UnknownPolicy;
  readonly variation?: Variation;
  readonly observer: ObserverHabit;
  /** A handler begins with this message. */
  onTry(messageId: string): void;
  observe(event: ConsumerEvent): void;
}

/** The notification service under test: the real consumer and pipeline, one email effect. */
export function simulatedService(parts: ServiceParts): Consumer {
  return createConsumer({
    ...commonOptions(parts),
    concurrency: parts.concurrency,
    maxHeld: parts.maxHeld,
    visibilityMs: parts.visibilityMs,
  });
}

/** The same pipeline behind an event source mapping, as the SQS adapter's `createLambdaHandler`. */
export function simulatedLambda(parts: ServiceParts): LambdaHandler {
  const { queue } = parts;
  const processor = createBatchProcessor({
    ...commonOptions(parts),
    maxTries: parts.maxReceiveCount - 1,
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

function commonOptions(parts: ServiceParts) {
  const { life, queue, store, variation } = parts;
  // As a user's may: it throws, or is asynchronous and rejects.
  const observe = (event: ConsumerEvent): void | Promise<never> => {
    parts.observe(event);
    if (parts.observer === "rejects") return Promise.reject(new Error("an observer's own fault"));
    if (parts.observer === "throws") throw new Error("an observer's own fault");
  };
  const { clock, randomness } = life;
  return {
    ...{ namespace: NAMESPACE, queue, store, observe, clock, randomness },
    ...pipelinesOf(parts),
    ...(variation === undefined
      ? {}
      : {
          decode: decoderOf(variation.envelope, life, parts.storage),
          select: (decoded: unknown) => (isStranger(decoded) ? undefined : PIPELINE),
        }),
  };
}

function pipelinesOf(parts: ServiceParts) {
  const { otherMailer, holdForMs, maxProcessingMs } = parts;
  const pipeline = simulatedPipeline(parts);
  if (otherMailer === undefined) return { pipelines: [pipeline] };
  const other = definePipeline({
    ...{ name: OTHER_PIPELINE, schema: formEvent, key: keyParts },
    ...{ effects: { email: otherMailer }, holdForMs, maxProcessingMs },
    handler: async ({ doctor, form }, context) => {
      parts.onTry(context.message.id);
      await context.once("email", { to: `${doctor}@example.test`, text: form });
    },
  });
  return { pipelines: [pipeline, other], select: pipelineOf };
}

function simulatedPipeline(parts: ServiceParts): Pipeline {
  const { life, variation } = parts;

  const lookUp = (doctor: string): Promise<string> =>
    parts.directory.call(
      life,
      () => `${doctor}@example.test`,
      () => "found",
    );

  /** How often this process ran the handler for each message: a receive can be several tries. */
  const runs = new Map<string, number>();

  return definePipeline({
    name: PIPELINE,
    schema: formEvent,
    key: keyParts,
    effects: { email: parts.mailer },
    onUnknown: parts.onUnknown,
    holdForMs: parts.holdForMs,
    maxProcessingMs: parts.maxProcessingMs,
    retry: { baseMs: 500, maxMs: 8_000 },
    // Longer than any run: the oracle takes the same content for a copy however late it comes.
    tripwire: { windowMs: DAY_MS, ...variation?.tripwire },
    ...(variation?.maxEventAgeMs === undefined ? {} : { maxEventAgeMs: variation.maxEventAgeMs }),
    handler: async (event: FormEvent, context) => {
      parts.onTry(context.message.id);
      const run = (runs.get(context.message.id) ?? 0) + 1;
      runs.set(context.message.id, run);
      if (parts.thinkMs > 0) {
        await life.clock.sleep(life.randomness.random() * parts.thinkMs, context.signal);
      }
      const to = await lookUp(event.doctor);
      const mail = { to, text: event.kind === "sameContent" ? "same" : event.form };
      switch (event.kind) {
        case "slow":
          await life.clock.sleep(parts.slowMs, context.signal);
          await context.once("email", mail);
          return;
        case "defer":
          if (run === 1) context.defer(2_000, "later");
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
          if (run < 3) void context.once("email", mail);
          else await context.once("email", mail);
          return;
        case "skip":
          context.skip("nothing to tell");
          return;
        case "permanent":
          throw new PermanentError("nobody can handle it");
        case "silent":
          return;
        case "throws":
          if (run === 1) throw new TypeError("a mistake");
          await context.once("email", mail);
          return;
        case "twice":
          await context.once("email", mail);
          await context.once("email", mail).catch(() => undefined);
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
