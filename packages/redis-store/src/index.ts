export type { RedisClient } from "./transport/client.js";
export type { RedisFinding, RedisFindingCode } from "./findings.js";
export type { RedisReport } from "./inspect.js";
export { DEFAULT_KEY_PREFIX } from "./keys.js";
export type { RedisNode } from "./node-settings.js";
export { redisStore, type RedisStore, type RedisStoreOptions } from "./store.js";
export { redisUserSnapshot, type RedisUserSnapshotOptions } from "./user-snapshot.js";
