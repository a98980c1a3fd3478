/**
 * The store of `@exactly-once/core` in one DynamoDB table.
 *
 * @packageDocumentation
 */
export type { DynamodbClient } from "./client.js";
export type { DynamodbFinding, DynamodbFindingCode, DynamodbReport } from "./inspect.js";
export {
  DEFAULT_KEY_PREFIX,
  dynamodbStore,
  type DynamodbStore,
  type DynamodbStoreOptions,
} from "./store.js";
export { tableDefinition } from "./table.js";
