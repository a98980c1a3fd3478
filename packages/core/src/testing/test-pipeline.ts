import { ConfigurationError } from "../errors.js";
import type { ConsumerEvent } from "../events.js";
import { memoryStore } from "../memory-store/memory-store.js";
import type { Select } from "../message/admit.js";
import type { Decoder } from "../pipeline/decode.js";
import type { Pipeline } from "../pipeline/pipeline.js";
import type { AttemptInfo, Outcome, Verdict } from "../ports/index.js";
import type { CrashPoint } from "./crashable-process.js";
import { TestedDelivery } from "./tested-delivery.js";
import { testedPipeline, type TestedEffect } from "./tested-pipeline.js";
import { createVirtualClock } from "./virtual-clock.js";

/** Of a {@link testPipeline}. */
export interface TestPipelineOptions {
  /** Default: the body is the event as JSON. */
  readonly decode?: Decoder | undefined;
  /** Which pipeline takes an event. Required with several. */
  readonly select?: Select | undefined;
  /** Part of every key, and what a handler reads as `context.namespace`. Default `test`. */
  readonly namespace?: string | undefined;
  /** What the provider answers; default: every send is accepted. `n` counts the sends from 1. */
  readonly outcome?: (effect: string, prepared: unknown, n: number) => Outcome | undefined;
  /** What the provider says of an attempt whose outcome is unknown. Default: it can't be asked. */
  readonly lookup?: ((effect: string, attempt: AttemptInfo) => Outcome) | undefined;
}

/** What a message bears beside its event, and what happens to it on its way. */
export interface DeliverOptions {
  /** Deliver the same message this many more times, while it is handled and after. Default 0. */
  readonly redeliver?: number | undefined;
  /** The process is killed at this point of the first delivery; another one takes over. */
  readonly crashAt?: CrashPoint | undefined;
  /** Milliseconds (virtual) that each send takes; beyond the visibility a queue redelivers. */
  readonly delayMs?: number | undefined;
  /** As `context.message.attributes`. Default: none. */
  readonly attributes?: Readonly<Record<string, string>> | undefined;
  /** As `context.message.groupId`. Default `test`. */
  readonly groupId?: string | undefined;
  /** As `context.message.sentAt`, ms since the epoch. Default: now, in 2026 by the test's own clock. */
  readonly sentAt?: number | undefined;
}

/** What a delivery led to, so far. */
export interface Delivered {
  /** What reached the provider and was accepted meanwhile, in order. */
  readonly effects: readonly TestedEffect[];
  /** Where the message is. `retrying`: still in the queue, to be tried again. */
  readonly disposition: "done" | "held" | "deadLettered" | "retrying";
  /** Why it is held, was dead-lettered or is retried. */
  readonly reason?: string;
  /** What the handler threw last, whole; absent where its last run ended well. */
  readonly error?: unknown;
  /** Effects that need an operator or evidence. */
  readonly unresolved: readonly AttemptInfo[];
  /** Everything that happened to the message. */
  readonly events: readonly ConsumerEvent[];
  /**
   * An operator settles the one effect that needs it, and the message goes on. "Not sent" waits until that
   * can be known.
   *
   * @param attemptId which effect, where several need it
   * @throws ConfigurationError where no effect, or more than one, is to be settled
   */
  resolve(verdict: Verdict, attemptId?: string): Promise<Delivered>;
  /** Lets so much time pass, and then until nothing moves any more. */
  after(ms: number): Promise<Delivered>;
}

/** Pipelines with a queue, a store and a provider of their own. */
export interface PipelineTest {
  /** Delivers an event through the whole consumer, and resolves once nothing moves any more. */
  deliver(event: unknown, options?: DeliverOptions): Promise<Delivered>;
}

/**
 * Runs a pipeline's real code (schema, key, handler, the senders' `prepare`) through the real
 * consumer, on a queue and a store in memory and in virtual time. Only `send` is replaced.
 *
 * The store lives as long as the test object, so that a second `deliver` of the same event shows
 * that nothing is sent again.
 *
 * @param pipelines one, or those among which `select` chooses
 *
 * @example
 * ```ts
 * const forms = testPipeline(formReceived);
 * const killed = await forms.deliver(event, { crashAt: "after-send" });
 * assert.equal(killed.disposition, "held"); // nobody knows whether it was sent
 * const settled = await killed.resolve("sent");
 * assert.equal(settled.disposition, "done");
 * ```
 */
export function testPipeline(
  pipelines: Pipeline | readonly Pipeline[],
  options: TestPipelineOptions = {},
): PipelineTest {
  const clock = createVirtualClock();
  const store = memoryStore({ clock });
  const effects: TestedEffect[] = [];
  let delayMs = 0;
  let replicas = 0;
  let error: unknown;

  const service = {
    namespace: options.namespace ?? "test",
    clock,
    store,
    select: options.select,
    decode: options.decode,
    nextReplica: () => `test${(replicas += 1)}`,
    pipelines: [pipelines].flat().map((pipeline) =>
      testedPipeline(pipeline, {
        clock,
        delayMs: () => delayMs,
        outcome: (...sent) => options.outcome?.(...sent),
        lookup: options.lookup,
        accepted: (effect) => effects.push(effect),
        ended: (thrown) => (error = thrown),
      }),
    ),
  };

  async function unresolved(): Promise<readonly AttemptInfo[]> {
    return (await store.unresolved()).items.map(({ attempt }) => attempt);
  }

  async function settle(verdict: Verdict, attemptId: string): Promise<void> {
    const who = { by: "test", why: "test" };
    let reply = await store.resolve(attemptId, verdict, who);
    if (typeof reply === "object" && "tooEarly" in reply) {
      await clock.advance(reply.tooEarly - clock.now());
      reply = await store.resolve(attemptId, verdict, who);
    }
    if (reply === "resolved") return;
    const why = typeof reply === "string" ? reply : JSON.stringify(reply);
    throw new ConfigurationError(`testPipeline: resolve(${JSON.stringify(verdict)}): ${why}.`);
  }

  async function onlyOne(): Promise<string> {
    const [one, ...others] = await unresolved();
    if (one === undefined) {
      throw new ConfigurationError("testPipeline: resolve(): no effect is unknown or blocked.");
    }
    if (others.length === 0) return one.attemptId;
    throw new ConfigurationError(
      "testPipeline: resolve(): several effects are unknown or blocked; pass the attemptId of one of `unresolved`.",
    );
  }

  /** Lets a delivery go on, and tells what that led to. */
  async function step(
    delivery: TestedDelivery,
    how: Parameters<TestedDelivery["run"]>[0],
  ): Promise<Delivered> {
    const before = effects.length;
    error = undefined;
    await delivery.run(how);
    return {
      effects: effects.slice(before),
      ...delivery.verdict(),
      ...(error === undefined ? {} : { error }),
      unresolved: await unresolved(),
      events: [...delivery.events],
      resolve: async (verdict, attemptId) => {
        await settle(verdict, attemptId ?? (await onlyOne()));
        return step(delivery, {});
      },
      after: (ms) => step(delivery, { atLeastMs: ms }),
    };
  }

  return {
    async deliver(event, how = {}) {
      delayMs = how.delayMs ?? 0;
      const { groupId = "test", attributes = {}, sentAt = clock.now() } = how;
      const sending = { groupId, attributes, sentAt };
      return step(new TestedDelivery(service, JSON.stringify(event), sending), how);
    },
  };
}
