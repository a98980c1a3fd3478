import type { StandardSchemaV1 } from "@standard-schema/spec";
import { EFFECT_NAME } from "../identity/attempt-id.js";
import { ConfigurationError } from "../errors.js";
import type { EffectSenders, HandlerContext } from "./handler-context.js";
import { DEFAULT_RETRY, type BackOff } from "./retry.js";
import type { KeyPart } from "../identity/key.js";

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

export interface TripwirePolicy {
  /** Same recipient and same rendered content within this window is blocked. Default 24 h. */
  readonly windowMs?: number;
  /** Effects per recipient within an hour from which on to act. Default: no limit. */
  readonly perRecipientPerHour?: number;
  /** Effects per template within a minute from which on to act. Default: no limit. */
  readonly perTemplatePerMinute?: number;
  /** What a rate does. Default `warn`. */
  readonly onRate?: "warn" | "block";
}

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
  fingerprint?(decoded: unknown): unknown;
  /** Default `hold`. */
  readonly onUnknown?: UnknownPolicy;
  /** Milliseconds after which a handler's signal aborts. Default 10 minutes. */
  readonly maxProcessingMs?: number;
  /** Milliseconds after it was sent from which on a message is dead-lettered unhandled. Default: never. */
  readonly maxEventAgeMs?: number;
  /** Milliseconds a message is held for evidence before it is dead-lettered. Default 1 hour. */
  readonly holdForMs?: number;
  /** Full-jitter backoff between tries, by visibility. Default 1 s doubling up to 5 minutes. */
  readonly retry?: BackOff;
  /** Default: on, with its defaults. */
  readonly tripwire?: TripwirePolicy | false;
  handler(event: EventOf<Schema>, context: HandlerContext<Effects>): Promise<void>;
}

/** A checked definition with every default filled in. */
export interface Pipeline<
  Schema extends StandardSchemaV1 = StandardSchemaV1,
  Effects extends EffectSenders = EffectSenders,
> extends PipelineDefinition<Schema, Effects> {
  readonly onUnknown: UnknownPolicy;
  readonly maxProcessingMs: number;
  readonly holdForMs: number;
  readonly retry: BackOff;
}

const PIPELINE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$/;

/**
 * Defines a pipeline: a pure description that consumers, Lambda handlers and tests wire.
 *
 * @throws ConfigurationError naming what is wrong with the definition.
 */
export function definePipeline<
  const Schema extends StandardSchemaV1,
  const Effects extends EffectSenders,
>(definition: PipelineDefinition<Schema, Effects>): Pipeline<Schema, Effects> {
  if (!PIPELINE_NAME.test(definition.name)) {
    throw new ConfigurationError(
      `The pipeline name ${JSON.stringify(definition.name)} must be 1 to 80 of [A-Za-z0-9._-].`,
    );
  }
  for (const [effect, sender] of Object.entries(definition.effects)) {
    if (!EFFECT_NAME.test(effect)) {
      throw new ConfigurationError(
        `Pipeline ${definition.name}: the effect name ${JSON.stringify(effect)} must be [a-z][a-z0-9_]{0,31}.`,
      );
    }
    // Either makes a time, which stores have to be able to write.
    for (const name of ["attemptTimeoutMs", "validityMs"] as const) {
      const value = sender[name] ?? 0;
      if (value >= 0 && Number.isFinite(value)) continue;
      throw new ConfigurationError(
        `Pipeline ${definition.name}: the sender of ${effect} has ${name} ${value}: a number of ms, at least 0.`,
      );
    }
  }
  const pipeline: Pipeline<Schema, Effects> = {
    ...definition,
    onUnknown: definition.onUnknown ?? "hold",
    maxProcessingMs: definition.maxProcessingMs ?? 10 * 60_000,
    holdForMs: definition.holdForMs ?? 60 * 60_000,
    retry: definition.retry ?? DEFAULT_RETRY,
  };
  for (const name of ["maxProcessingMs", "holdForMs", "maxEventAgeMs"] as const) {
    const value = pipeline[name];
    if (value !== undefined && !(value > 0)) {
      throw new ConfigurationError(`Pipeline ${definition.name}: ${name} must be above 0 ms.`);
    }
  }
  return pipeline;
}
