export { EFFECT_NAME, formatAttemptId, parseAttemptId, sameAttempt } from "./attempt-id.js";
export * from "./errors/index.js";
export { canonicalJson, fingerprintOf } from "./fingerprint.js";
export { effectSlot, notificationKey, type KeyPart, type NotificationKey } from "./key.js";
export {
  DEFAULT_RETENTION_MS,
  memoryStore,
  type MemoryStore,
  type MemoryStoreOptions,
} from "./memory-store.js";
export type * from "./ports/index.js";
export { systemClock, systemRandomness } from "./system-clock.js";
