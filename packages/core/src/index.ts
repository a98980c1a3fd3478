/**
 * What an application uses: pipelines, a consumer for them, decoders, and the errors it meets. Who
 * writes a store, a queue or a sender finds the rest in `@exactly-once/core/ports`.
 *
 * @packageDocumentation
 */
export { createConsumer, type Consumer, type ConsumerHealth } from "./consumer/consumer.js";
export type { ConsumerOptions } from "./consumer/options.js";
export {
  ConfigurationError,
  EffectBlockedError,
  EffectRejectedError,
  ExactlyOnceError,
  InvalidKeyError,
  LeaseLostError,
  PermanentError,
  QueueUnavailableError,
  RunEndedError,
  StoreUnavailableError,
  UnknownOutcomeError,
  UnreadableRecordError,
  UnsettledEffectError,
} from "./errors.js";
export type {
  ConsumerEvent,
  EventOrigin,
  HoldReason,
  LossReason,
  MessageFacts,
  Observer,
  RetryReason,
} from "./events.js";
export { serializeEvent } from "./serialize-event.js";
export type { Instrumentation, Turn } from "./pipeline/instrumentation.js";
export { notificationKey, type KeyPart, type NotificationKey } from "./identity/key.js";
export {
  memoryStore,
  type MemoryStore,
  type MemoryStoreOptions,
} from "./memory-store/memory-store.js";
export type { Select } from "./message/admit.js";
export type { BigNumbers } from "./pipeline/big-numbers.js";
export { eventBridge, json, sns, type Decoder, type JsonOptions } from "./pipeline/decode.js";
export type { Delivery } from "./pipeline/delivery.js";
export { inEnvelope, type Envelope, type Enveloped } from "./pipeline/envelope.js";
export type { EffectSenders, HandlerContext, MessageContext } from "./pipeline/handler-context.js";
export {
  definePipeline,
  type Budget,
  type BudgetAction,
  type EventDate,
  type EventOf,
  type Pipeline,
  type PipelineDefinition,
  type TripwirePolicy,
  type UnknownPolicy,
} from "./pipeline/pipeline.js";
export type { DedupeStore, MessageQueue, Receipt, Sender } from "./ports/index.js";
