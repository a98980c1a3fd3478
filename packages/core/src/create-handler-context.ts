import { ConfigurationError } from "./errors/configuration-error.js";
import { RunEndedError } from "./errors/run-ended-error.js";
import { UnsettledEffectError } from "./errors/unsettled-effect-error.js";
import type { HandlerContext } from "./handler-context.js";
import { effectSlot } from "./key.js";
import { performOnce } from "./once.js";
import type { Receipt } from "./ports/index.js";
import type { Run, RunEnvironment } from "./run.js";

/** A fan-out beyond this belongs into several messages. */
const MAX_EFFECTS = 50;

/** What a handler gets to work with. Misuse is noted in the run, so that swallowing it is no way out. */
export function createHandlerContext(env: RunEnvironment, run: Run): HandlerContext {
  const { message } = run.lease;

  function reserveSlot(effect: string, part: string | undefined): string {
    const slot = effectSlot(effect, part);
    if (run.used.has(slot)) {
      throw new UnsettledEffectError(
        `Effect ${slot} was asked for twice in one run: pass a distinct { part } for each recipient.`,
      );
    }
    if (run.used.size >= MAX_EFFECTS) {
      throw new UnsettledEffectError(`One key takes at most ${MAX_EFFECTS} effects.`);
    }
    run.used.add(slot);
    return slot;
  }

  async function once(
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
      slot = reserveSlot(effect, part);
    } catch (error) {
      run.misuse ??= error as Error;
      throw error;
    }
    try {
      return await performOnce(env, run, sender, effect, slot, payload);
    } catch (error) {
      run.failures.set(slot, error);
      throw error;
    }
  }

  return {
    message: {
      id: message.id,
      ...(message.groupId === undefined ? {} : { groupId: message.groupId }),
      attributes: message.attributes,
      sentAt: message.sentAt,
      receiveCount: message.receiveCount,
    },
    namespace: env.namespace,
    pipeline: run.pipeline.name,
    key: run.claim.key,
    get signal() {
      return run.cancellation.signal;
    },
    once: (effect, payload, options) => {
      const performing = once(effect, payload, options?.part);
      run.pending.add(performing);
      const settled = (): void => void run.pending.delete(performing);
      // Also keeps an effect that nobody awaits from ending the process as an unhandled rejection.
      performing.then(settled, settled);
      return performing;
    },
    defer: (ms, reason) => {
      run.request ??= { kind: "defer", delayMs: ms, reason: "deferred" };
      throw new RunEndedError(`Deferred by ${ms} ms: ${reason}`);
    },
    skip: (reason) => {
      run.skipped ??= reason;
    },
    deadLetter: (reason) => {
      run.request ??= { kind: "deadLetter", text: reason };
      throw new RunEndedError(`To the dead-letter queue: ${reason}`);
    },
    waive: (effect, reason, options) => {
      const slot = effectSlot(effect, options?.part);
      run.waived.set(slot, reason);
      env.emit({ type: "effectWaived", effect: slot, why: reason, ...run.facts });
    },
  };
}
