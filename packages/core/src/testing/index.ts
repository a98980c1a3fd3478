export { memoryQueue, type MemoryQueue, type MemoryQueueOptions } from "./memory-queue.js";
export type { MemorySend, StoredMessage } from "./memory-messages.js";
export type { QueueFault, QueueOperation } from "./memory-queue-faults.js";
export { queueSuite, type QueueSuiteOptions } from "./queue-suite.js";
export type { QueueCapabilities, QueueFixture } from "./queue-suite-tools.js";
export {
  senderSuite,
  type SenderFault,
  type SenderFixture,
  type SenderSuiteOptions,
} from "./sender-suite.js";
export {
  sharedSnapshotSuite,
  type SharedSnapshotFixture,
  type SharedSnapshotSuiteOptions,
} from "./shared-snapshot-suite.js";
export {
  storeSuite,
  type DeclaredStoreCapabilities,
  type PropertyTester,
  type StoreFixture,
  type StoreFixtureRequest,
  type StoreSuiteOptions,
} from "./store-suite.js";
export { createVirtualClock, type VirtualClock } from "./virtual-clock.js";
export type { CrashPoint } from "./crashable-process.js";
export {
  testPipeline,
  type Delivered,
  type DeliverOptions,
  type PipelineTest,
  type TestedEffect,
  type TestPipelineOptions,
} from "./test-pipeline.js";
