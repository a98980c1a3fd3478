export { casUserSnapshot, type CasUserSnapshotOptions } from "./cas-user-snapshot.js";
export { fieldsCodec, jsonCodec, type UserCodec } from "./codec.js";
export type {
  RebuildProgress,
  RebuildReason,
  UserCacheEvent,
  UserCacheObserver,
} from "./events.js";
export type {
  DeferReason,
  LookupOptions,
  LookupResult,
  UserCache,
  UserCacheStats,
} from "./lookup.js";
export {
  memorySharedSnapshot,
  type MemorySharedSnapshotOptions,
} from "./memory-shared-snapshot.js";
export type {
  AcquireReply,
  RebuildLease,
  SharedSnapshot,
  SnapshotManifest,
} from "./shared-snapshot.js";
export type { PagesOptions, SourceFault, UserPage, UserSource } from "./source.js";
export type { UserCacheOptions } from "./options.js";
export { createUserCache } from "./user-cache.js";
