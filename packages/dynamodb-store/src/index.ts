/**
 * The store of `@exactly-once/core` in one DynamoDB table.
 *
 * @packageDocumentation
 */
export type { DynamodbClient } from "./client.js";
export type { DynamodbFinding, DynamodbFindingCode, DynamodbReport } from "./inspect.js";
export { dynamodbStore, type DynamodbStore, type DynamodbStoreOptions } from "./store.js";
export { DEFAULT_KEY_PREFIX, tableDefinition } from "./table.js";
export { dynamodbUserSnapshot, type DynamodbUserSnapshotOptions } from "./user-snapshot.js";
