import { ConfigurationError, RunEndedError, UnsettledEffectError } from "../errors.js";
import type { Admitted } from "../pipeline/admitted.js";
import type { HandlerContext, MessageContext } from "../pipeline/handler-context.js";
import { effectSlot } from "../identity/key.js";
import { performOnce } from "./once.js";
import { MAX_VISIBILITY_MS, type QueueMessage, type Receipt } from "../ports/index.js";
import { isDelay } from "./delays.js";
import type { Run, RunEnvironment } from "./run.js";

/** A fan-out beyond this belongs into several messages. */
const MAX_EFFECTS = 50;

/** What a handler gets to work with. Misuse is noted in the run, so that swallowing it is no way out. */
export function createHandlerContext(env: RunEnvironment, run: Run): HandlerContext {
  return new RunContext(env, run);
}

/**
 * A class, since a getter of an object literal is slow to make. The functions
 * are bound, so that a handler may take them out of its context.
 */
class RunContext implements HandlerContext {
  readonly namespace: string;
  readonly pipeline: string;
  readonly key: string;
  readonly once: HandlerContext["once"];
  readonly defer: HandlerContext["defer"];
  readonly skip: HandlerContext["skip"];
  readonly deadLetter: HandlerContext["deadLetter"];
  readonly waive: HandlerContext["waive"];
  readonly #run: Run;
  #message: MessageContext | undefined;

  constructor(env: RunEnvironment, run: Run) {
    this.#run = run;
    this.namespace = env.namespace;
    this.pipeline = run.pipeline.name;
    this.key = run.claim.key;
    this.once = (effect, payload, options) => once(env, run, effect, payload, options?.part);
    this.defer = (ms, reason) => {
      assertDelay(run, ms);
      run.request ??= { kind: "defer", delayMs: ms, reason: "deferred" };
      throw new RunEndedError(`Deferred by ${ms} ms: ${reason}`);
    };
    this.skip = (reason) => {
      run.skipped ??= reason;
    };
    this.deadLetter = (reason) => {
      run.request ??= { kind: "deadLetter", text: reason };
      throw new RunEndedError(`To the dead-letter queue: ${reason}`);
    };
    this.waive = (effect, reason, options) => {
      const slot = effectSlot(effect, options?.part);
      run.waived ??= {};
      run.waived[slot] = reason;
      env.emit({ type: "effectWaived", effect: slot, why: reason, ...run.facts });
    };
  }

  get message(): MessageContext {
    return (this.#message ??= messageContext(this.#run.lease.message, this.#run.admitted));
  }

  get signal(): AbortSignal {
    return this.#run.cancellation.signal;
  }
}

/** Longer than the queue can hide a message it would silently be something else. */
function assertDelay(run: Run, ms: number): void {
  if (isDelay(ms) && ms <= MAX_VISIBILITY_MS) return;
  run.misuse ??= new ConfigurationError(
    `ctx.defer takes 0 to 43,200,000 ms (12 hours, the longest that SQS hides a message), not ${String(ms)}: defer again when it comes back, or schedule the event for later.`,
  );
  throw run.misuse;
}

/** Notes the slot as used, or what is wrong with it. */
function reserveSlot(run: Run, effect: string, part: string | undefined): string {
  const slot = effectSlot(effect, part);
  if (run.used.includes(slot)) {
    throw new UnsettledEffectError(
      `Effect ${slot} was asked for twice in one run: pass a distinct { part } for each recipient.`,
    );
  }
  if (run.used.length >= MAX_EFFECTS) {
    throw new UnsettledEffectError(`One key takes at most ${MAX_EFFECTS} effects.`);
  }
  run.used = [...run.used, slot];
  return slot;
}

function once(
  env: RunEnvironment,
  run: Run,
  effect: string,
  payload: unknown,
  part: string | undefined,
): Promise<Receipt> {
  let slot: string;
  const sender = Object.hasOwn(run.pipeline.effects, effect)
    ? run.pipeline.effects[effect]
    : undefined;
  try {
    if (!sender) {
      throw new ConfigurationError(
        `Pipeline ${run.pipeline.name} declares no effect ${JSON.stringify(effect)}: add it to effects.`,
      );
    }
    slot = reserveSlot(run, effect, part);
  } catch (error) {
    const misuse = error as Error;
    run.misuse ??= misuse;
    const refused = Promise.reject<Receipt>(misuse);
    refused.catch(ignoreUnawaited);
    return refused;
  }
  const performing = performOnce(env, run, sender, effect, slot, payload);
  // One that nobody awaits must not end the process as an unhandled rejection.
  performing.then(undefined, ignoreUnawaited);
  return performing;
}

/** The run knows of it already. */
function ignoreUnawaited(): void {}

function messageContext(
  { id, groupId, attributes, sentAt, receiveCount }: QueueMessage,
  { envelope, edition }: Admitted,
): MessageContext {
  return {
    id,
    attributes,
    sentAt,
    receiveCount,
    ...(groupId === undefined ? {} : { groupId }),
    ...(envelope === undefined ? {} : { envelope }),
    ...(edition === undefined ? {} : { edition }),
  };
}
