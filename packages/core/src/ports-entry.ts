/**
 * What the author of a store, a queue, a sender or a host uses: the ports with all their types, and
 * what an implementation of one needs. An application imports `@exactly-once/core`.
 *
 * @packageDocumentation
 */
export {
  createBatchProcessor,
  type BatchProcessor,
  type BatchProcessorOptions,
} from "./batch/batch-processor.js";
export {
  createHistoryImporter,
  type HistoryImporter,
  type HistoryImporterOptions,
  type ImportReply,
} from "./batch/history-importer.js";
export type {
  CasAnswer,
  CasAttentionPage,
  CasCell,
  CasPort,
  CasWrite,
  CasWritten,
} from "./cas-store/cas-port.js";
export { casStore, type CasStore, type CasStoreOptions } from "./cas-store/cas-store.js";
export { recordName } from "./cas-store/cell-name.js";
export { NotSentError, UnreadableRecordError } from "./errors.js";
export { formatAttemptId, parseAttemptId } from "./identity/attempt-id.js";
export { EDITION_ATTRIBUTE } from "./identity/edition.js";
export { canonicalJson } from "./identity/fingerprint.js";
export { leaseTime } from "./leases/lease-time.js";
export { DEFAULT_RETENTION_MS } from "./memory-store/memory-store.js";
export {
  LONGEST_MS,
  LONGEST_TIMER_MS,
  optionsOf,
  type Bounds,
  type OptionChecks,
} from "./options.js";
export type { PayloadOf } from "./pipeline/handler-context.js";
export type * from "./ports/index.js";
export { Doubts, DOUBT_WAIT_MS } from "./run/doubts.js";
export { repliesOf } from "./ports/store/item-reply.js";
export { MAX_VISIBILITY_MS } from "./ports/message-queue.js";
export { systemClock, systemRandomness } from "./timing/system-clock.js";
