import type { StandardSchemaV1 } from "@standard-schema/spec";
import { EFFECT_NAME } from "../identity/attempt-id.js";
import { optionsOf, type OptionChecks } from "../options.js";
import type { EffectSenders, HandlerContext } from "./handler-context.js";
import { DEFAULT_RETRY, type BackOff } from "./retry.js";
import type { KeyPart } from "../identity/key.js";
import { MAX_VISIBILITY_MS } from "../ports/message-queue.js";

/** What a schema makes of a decoded event. */
export type EventOf<Schema extends StandardSchemaV1> = StandardSchemaV1.InferOutput<Schema>;

/**
 * What to do when nobody knows whether the provider took an effect.
 *
 * - `hold`: keep the message until evidence or an operator settles it. Never a duplicate.
 * - `reconcile`: hold, and let a reconciler conclude "not sent" from the provider's silence, under
 *   its stated assumption.
 * - `resend`: send again. Gives up the promise of no duplicate, for what is useless when late.
 */
export type UnknownPolicy = "hold" | "reconcile" | "resend";

/**
 * What becomes of an effect beyond a budget.
 *
 * - `warn`: it goes out, and a `tripwire` event says so.
 * - `block`: it is blocked until an operator allows or drops it, or `holdForMs` has passed.
 * - `pause`: the pipeline is paused by the control flag, on every replica; nothing is begun, and nothing
 *   becomes a dead letter meanwhile. Who resumes it lets this one pass: it then only warns, until the
 *   budget was kept for a whole `withinMs`.
 */
export type BudgetAction = "warn" | "block" | "pause";

/** So many effects within so long a time. */
export interface Budget {
  /** Effects that may go out within `withinMs`; 1 or more. */
  readonly limit: number;
  /** The sliding window, whole ms. */
  readonly withinMs: number;
  /** Default `block` for a recipient's budget, `pause` for a template's and a pipeline's. */
  readonly onExceeded?: BudgetAction | undefined;
}

/**
 * What a pipeline's effects are compared with before they go out. The counts are the store's: all replicas
 * share them, where they share it.
 *
 * @example
 * ```ts
 * tripwire: {
 *   perRecipient: { limit: 10, withinMs: 3_600_000 },
 *   perTemplate: { limit: 100, withinMs: 60_000, onExceeded: "pause" },
 * }
 * ```
 */
export interface TripwirePolicy {
  /** Same recipient and same rendered content within this window, ms, is a copy. Default 1 h. */
  readonly windowMs?: number | undefined;
  /**
   * What becomes of a copy under another key. Default `block`; `warn` where the same content is no fault,
   * such as a code that is asked for twice.
   */
  readonly onSameContent?: "block" | "warn" | undefined;
  /** Of each recipient. Default: no limit. */
  readonly perRecipient?: Budget | undefined;
  /** Of each template that the sender names. Default: no limit. */
  readonly perTemplate?: Budget | undefined;
  /** Of the whole pipeline. Default: no limit. */
  readonly perPipeline?: Budget | undefined;
}

/** What a pipeline reads of a `Date`. */
export interface EventDate {
  /** Milliseconds since the epoch. */
  getTime(): number;
}

/** What a pipeline is made of. */
export interface PipelineDefinition<
  Schema extends StandardSchemaV1 = StandardSchemaV1,
  Effects extends EffectSenders = EffectSenders,
> {
  /** Part of every key: renaming a pipeline while messages live makes their keys new ones. */
  readonly name: string;
  /** Any Standard Schema validator. What doesn't fit is dead-lettered with the reason. */
  readonly schema: Schema;
  /** The notification's identity, from the event's meaning; never the queue's message id. */
  key(event: EventOf<Schema>): readonly KeyPart[];
  readonly effects: Effects;
  /** Selects what of the decoded event must stay the same under one key. Default: all of it. */
  readonly fingerprint?: ((decoded: unknown) => unknown) | undefined;
  /** Default `hold`. */
  readonly onUnknown?: UnknownPolicy | undefined;
  /** Milliseconds after which a handler's signal aborts. Default 10 minutes. */
  readonly maxProcessingMs?: number | undefined;
  /**
   * When the event happened, ms since the epoch or a `Date`: what `maxEventAgeMs` judges. Default: what
   * the decoder knows (`eventBridge`), else when the message was sent, which a replay makes new.
   */
  eventTime?(event: EventOf<Schema>): number | EventDate | undefined;
  /** Milliseconds after the event from which on a message is dead-lettered unhandled. Default: never. */
  readonly maxEventAgeMs?: number | undefined;
  /**
   * What becomes of an event that an archive replayed (see `eventBridge`), unless its key is done.
   * Default `refuse`: it is dead-lettered as `replay`, since what was sent once may have been forgotten.
   */
  readonly replays?: "refuse" | "allow" | undefined;
  /** Milliseconds a message is held for evidence before it is dead-lettered. Default 1 hour. */
  readonly holdForMs?: number | undefined;
  /** Full-jitter backoff between tries, by visibility. Default 1 s doubling up to 5 minutes. */
  readonly retry?: BackOff | undefined;
  /** Default: on, with its defaults. */
  readonly tripwire?: TripwirePolicy | false | undefined;
  /** Performs the effects. What it resolves with is ignored; what it throws is tried again. */
  handler(event: EventOf<Schema>, context: HandlerContext<Effects>): Promise<unknown>;
}

/** A checked definition with every default filled in. */
export interface Pipeline<
  Schema extends StandardSchemaV1 = StandardSchemaV1,
  Effects extends EffectSenders = EffectSenders,
> extends PipelineDefinition<Schema, Effects> {
  readonly onUnknown: UnknownPolicy;
  readonly replays: "refuse" | "allow";
  readonly maxProcessingMs: number;
  readonly holdForMs: number;
  readonly retry: BackOff;
}

const PIPELINE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$/;

/**
 * Defines a pipeline: a pure description that consumers, Lambda handlers and tests wire.
 *
 * @example
 * ```ts
 * const formReceived = definePipeline({
 *   name: "form-received",
 *   schema: z.object({ formId: z.uuid(), email: z.email(), date: z.iso.date() }),
 *   key: (event) => [event.formId, event.date],
 *   effects: { email: mailer },
 *   handler: async (event, context) => {
 *     await context.once("email", letterFor(event));
 *   },
 * });
 * ```
 *
 * @throws ConfigurationError naming what is missing or wrong in the definition.
 */
export function definePipeline<
  const Schema extends StandardSchemaV1,
  const Effects extends EffectSenders,
>(definition: PipelineDefinition<Schema, Effects>): Pipeline<Schema, Effects> {
  const { name } = definition;
  optionsOf("definePipeline").text("name", name, PIPELINE_NAME, "1 to 80 of [A-Za-z0-9._-]");
  const check = optionsOf(`definePipeline(${JSON.stringify(name)})`);
  checkSchema(check, definition.schema);
  check.callback("key", definition.key);
  check.callback("handler", definition.handler);
  check.callback("fingerprint", definition.fingerprint, { optional: true });
  check.callback("eventTime", definition.eventTime, { optional: true });
  checkEffects(check, definition.effects);
  checkTripwire(check, definition.tripwire);
  const { baseMs, maxMs } = definition.retry ?? DEFAULT_RETRY;
  return {
    ...definition,
    onUnknown: check.oneOf("onUnknown", definition.onUnknown ?? "hold", UNKNOWN_POLICIES),
    replays: check.oneOf("replays", definition.replays ?? "refuse", ["refuse", "allow"]),
    maxProcessingMs: check.ms("maxProcessingMs", definition.maxProcessingMs ?? 10 * 60_000, {
      to: MAX_VISIBILITY_MS,
    }),
    holdForMs: check.ms("holdForMs", definition.holdForMs ?? 60 * 60_000),
    maxEventAgeMs:
      definition.maxEventAgeMs === undefined
        ? undefined
        : check.ms("maxEventAgeMs", definition.maxEventAgeMs),
    retry: {
      baseMs: check.ms("retry.baseMs", baseMs, { to: MAX_VISIBILITY_MS }),
      maxMs: check.ms("retry.maxMs", maxMs, { from: baseMs, to: MAX_VISIBILITY_MS }),
    },
  };
}

const UNKNOWN_POLICIES = ["hold", "reconcile", "resend"] as const satisfies UnknownPolicy[];

function checkSchema(check: OptionChecks, schema: StandardSchemaV1): void {
  const example = "a Standard Schema validator, such as one of zod, valibot or arktype";
  const given: object = check.methods("schema", schema, [], example);
  // A schema of arktype is a function.
  if (!("~standard" in given)) {
    check.refuse(
      `schema is ${typeof given === "function" ? "a function" : "an object"} without ~standard; give ${example}.`,
    );
  }
  check.methods("schema", schema["~standard"], ["validate"], example);
}

function checkEffects(check: OptionChecks, effects: EffectSenders): void {
  check.methods("effects", effects, [], "an object of senders by the name of their effect");
  for (const [effect, sender] of Object.entries(effects)) {
    if (!EFFECT_NAME.test(effect)) {
      check.refuse(`the effect name ${JSON.stringify(effect)} must be [a-z][a-z0-9_]{0,31}.`);
    }
    const name = `effects.${effect}`;
    check.methods(name, sender, ["prepare", "send"], "a Sender, such as sesMailer({ … })");
    // Either makes a time, which stores have to be able to write.
    check.ms(`${name}.attemptTimeoutMs`, sender.attemptTimeoutMs ?? 1);
    check.ms(`${name}.validityMs`, sender.validityMs ?? 0, { from: 0 });
    check.ms(`${name}.idempotent.windowMs`, sender.idempotent?.windowMs ?? 1);
  }
}

function checkTripwire(check: OptionChecks, policy: TripwirePolicy | false | undefined): void {
  if (policy === undefined || policy === false) return;
  check.ms("tripwire.windowMs", policy.windowMs ?? 1);
  check.oneOf("tripwire.onSameContent", policy.onSameContent ?? "block", ["block", "warn"]);
  for (const name of ["perRecipient", "perTemplate", "perPipeline"] as const) {
    checkBudget(check, `tripwire.${name}`, policy[name]);
  }
}

function checkBudget(check: OptionChecks, name: string, budget: Budget | undefined): void {
  if (budget === undefined) return;
  check.methods(name, budget, [], "a budget: { limit: 100, withinMs: 60_000 }");
  check.integer(`${name}.limit`, budget.limit, { from: 1, to: 1_000_000_000 });
  check.ms(`${name}.withinMs`, budget.withinMs);
  check.oneOf(`${name}.onExceeded`, budget.onExceeded ?? "warn", ["warn", "block", "pause"]);
}
