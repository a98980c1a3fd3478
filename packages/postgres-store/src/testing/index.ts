export {
  startPostgresServer,
  type PostgresServer,
  type PostgresServerOptions,
} from "./postgres-server.js";
export { createTable } from "./tables.js";
