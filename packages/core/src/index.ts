export { EFFECT_NAME, formatAttemptId, parseAttemptId, sameAttempt } from "./attempt-id.js";
export type { Select } from "./admit-message.js";
export {
  createBatchProcessor,
  type BatchProcessor,
  type BatchProcessorOptions,
} from "./batch-processor.js";
export { createConsumer, type Consumer, type ConsumerHealth } from "./consumer.js";
export type { ConsumerOptions } from "./consumer-options.js";
export { eventBridge, json, sns, type Decoder } from "./decode.js";
export type { Delivery } from "./delivery.js";
export * from "./errors/index.js";
export type {
  ConsumerEvent,
  HoldReason,
  LossReason,
  MessageFacts,
  Observer,
  RetryReason,
} from "./events.js";
export { canonicalJson, fingerprintOf } from "./fingerprint.js";
export type { HandlerContext, MessageContext, PayloadOf } from "./handler-context.js";
export { effectSlot, notificationKey, type KeyPart, type NotificationKey } from "./key.js";
export {
  DEFAULT_RETENTION_MS,
  memoryStore,
  type MemoryStore,
  type MemoryStoreOptions,
} from "./memory-store.js";
export {
  definePipeline,
  type EffectSenders,
  type EventOf,
  type Pipeline,
  type PipelineDefinition,
  type TripwirePolicy,
  type UnknownPolicy,
} from "./pipeline.js";
export type * from "./ports/index.js";
export { systemClock, systemRandomness } from "./system-clock.js";
