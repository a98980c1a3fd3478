import { optionsOf, systemClock, systemRandomness } from "@exactly-once/core/ports";
import { casUserSnapshot, type SharedSnapshot } from "@exactly-once/core/user-cache";
import type { DynamodbClient } from "./client.js";
import { dynamodbPort } from "./port.js";
import { DEFAULT_KEY_PREFIX } from "./table.js";

/** Which table, and under which name. */
export interface DynamodbUserSnapshotOptions {
  readonly client: DynamodbClient;
  /** May be the store's own. */
  readonly table: string;
  /** Tells user pools apart. 1 to 60 of `[A-Za-z0-9_.-]`. Default `users`. */
  readonly name?: string | undefined;
  /** Goes before every key of the table. Default `eo:`. */
  readonly keyPrefix?: string | undefined;
  /** How long a replaced generation stays readable, ms. Default one minute. */
  readonly graceMs?: number | undefined;
}

/**
 * A user cache's snapshot in a DynamoDB table, for all replicas of a service: an item of up to 350 kB for each
 * chunk of 256 KiB. It holds personal data: give the table the same protection as the pool.
 *
 * @example
 * ```ts
 * const shared = dynamodbUserSnapshot({ client, table: "notifications" });
 * ```
 */
export function dynamodbUserSnapshot(options: DynamodbUserSnapshotOptions): SharedSnapshot {
  const check = optionsOf("dynamodbUserSnapshot");
  const client = check.methods("client", options.client, ["send"], "a DynamoDBClient");
  const table = check.text("table", options.table, /^.{3,1024}$/, "a table's name or ARN");
  const { keyPrefix = DEFAULT_KEY_PREFIX, name = "users", graceMs } = options;
  const [clock, randomness] = [systemClock(), systemRandomness()];
  const port = dynamodbPort({ client, table, keyPrefix, clock, randomness });
  return casUserSnapshot(port, { name, graceMs });
}
