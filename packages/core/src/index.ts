export {
  EFFECT_NAME,
  formatAttemptId,
  parseAttemptId,
  sameAttempt,
} from "./identity/attempt-id.js";
export type { Select } from "./message/admit.js";
export {
  createBatchProcessor,
  type BatchProcessor,
  type BatchProcessorOptions,
} from "./batch/batch-processor.js";
export { createConsumer, type Consumer, type ConsumerHealth } from "./consumer/consumer.js";
export type { ConsumerOptions } from "./consumer/options.js";
export { eventBridge, json, sns, type Decoder } from "./pipeline/decode.js";
export type { Delivery } from "./pipeline/delivery.js";
export * from "./errors/index.js";
export type {
  ConsumerEvent,
  HoldReason,
  LossReason,
  MessageFacts,
  Observer,
  RetryReason,
} from "./events.js";
export { canonicalJson, fingerprintOf } from "./identity/fingerprint.js";
export type { HandlerContext, MessageContext, PayloadOf } from "./pipeline/handler-context.js";
export { effectSlot, notificationKey, type KeyPart, type NotificationKey } from "./identity/key.js";
export {
  DEFAULT_RETENTION_MS,
  memoryStore,
  type MemoryStore,
  type MemoryStoreOptions,
} from "./memory-store/memory-store.js";
export {
  definePipeline,
  type EffectSenders,
  type EventOf,
  type Pipeline,
  type PipelineDefinition,
  type TripwirePolicy,
  type UnknownPolicy,
} from "./pipeline/pipeline.js";
export { leaseTime } from "./leases/lease-time.js";
export type * from "./ports/index.js";
export { MAX_VISIBILITY_MS } from "./ports/message-queue.js";
export { systemClock, systemRandomness } from "./timing/system-clock.js";
