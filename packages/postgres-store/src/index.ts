export type { PostgresFinding, PostgresFindingCode } from "./findings.js";
export type { PostgresReport } from "./inspect.js";
export type { PostgresSettings } from "./settings.js";
export type { PostgresClient, PostgresPool } from "./pool.js";
export { postgresStore, type PostgresStore, type PostgresStoreOptions } from "./store.js";
