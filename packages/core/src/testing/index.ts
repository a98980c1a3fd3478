export { casPortSuite, type CasPortFixture, type CasPortSuiteOptions } from "./cas-port-suite.js";
export {
  casSpoilings,
  casValueFromLater,
  casValueKeepsLater,
  spoiledCasValue,
} from "./cas-spoilings.js";
export {
  memoryCasPort,
  type MemoryCasPort,
  type MemoryCasPortOptions,
  type MemoryCell,
} from "./memory-cas-port.js";
export { memoryQueue, type MemoryQueue, type MemoryQueueOptions } from "./memory-queue.js";
export type { MemorySend, StoredMessage } from "./memory-messages.js";
export type { QueueFault, QueueOperation } from "./memory-queue-faults.js";
export { queueSuite, type QueueSuiteOptions } from "./queue-suite.js";
export type { QueueCapabilities, QueueFixture } from "./queue-suite-tools.js";
export { senderSuite, type SenderSuiteOptions } from "./sender-suite.js";
export type { SenderFault, SenderFixture, WayToCertainty } from "./sender-suite-tools.js";
export { wireSuite, type WireFixture, type WireSuiteOptions } from "./wire-suite.js";
export type { WireAnswers, WireFault } from "./wire-faults.js";
export {
  createFaultyServer,
  httpAnswer,
  type FaultyServer,
  type FaultyServerOptions,
  type RawRequest,
} from "./faulty-server.js";
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
  type TestPipelineOptions,
} from "./test-pipeline.js";
export type { TestedEffect } from "./tested-pipeline.js";
