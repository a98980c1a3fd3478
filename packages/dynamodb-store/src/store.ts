import {
  casStore,
  LONGEST_TIMER_MS,
  optionsOf,
  systemClock,
  systemRandomness,
  type CasStore,
  type DeploymentFinding,
} from "@exactly-once/core/ports";
import type { DynamodbClient } from "./client.js";
import { clockCheck } from "./clock-check.js";
import { inspectTable, type DynamodbReport } from "./inspect.js";
import { dynamodbPort } from "./port.js";
import { DEFAULT_KEY_PREFIX } from "./table.js";

/** Which table, and how to call it. */
export interface DynamodbStoreOptions {
  /**
   * A `DynamoDBClient` of the AWS SDK, yours to configure and destroy. Its retries may stay on: a repeated
   * request changes nothing here.
   */
  readonly client: DynamodbClient;
  /** The table's name or ARN. `inspect()` tells whether it is as it has to be. */
  readonly table: string;
  /** Milliseconds a done record is kept after it was last seen. Default 28 days. */
  readonly retentionMs?: number | undefined;
  /**
   * Milliseconds after which a call without an answer is a fault, its repetitions under throttling
   * included. Default 2,000. It may still be executed later; the record's rules make that harmless.
   */
  readonly callTimeoutMs?: number | undefined;
  /**
   * Milliseconds that the clocks of two processes, the operator's tool included, may differ by: the same
   * everywhere. A process that is off DynamoDB's clock by more than half of it is not served. Verdicts and
   * burials wait for so much longer. Default 30,000; at least 4,000, since the measure is that coarse.
   */
  readonly maxSkewMs?: number | undefined;
  /** Goes before every key of the table. Default `eo:`. */
  readonly keyPrefix?: string | undefined;
  /** Records per page of `unresolved()`. Default 100. */
  readonly pageSize?: number | undefined;
  /** Told when a rate of the tripwire couldn't be counted; the send isn't stopped by that. */
  readonly onUncounted?: ((error: Error) => void) | undefined;
}

export interface DynamodbStore extends CasStore {
  /** What of the table's settings endangers the promises. Reads, changes nothing. */
  inspect(): Promise<DynamodbReport>;
  /** The findings of `inspect`, for `consumer.start()`. */
  verify(): Promise<readonly DeploymentFinding[]>;
}

const DEFAULT_TIMEOUT_MS = 2_000;
const DEFAULT_SKEW_MS = 30_000;
const LEAST_SKEW_MS = 4_000;

/**
 * A store in one DynamoDB table, for any number of replicas and Lambda functions of a service. A message
 * costs four conditional writes and no read; time is the caller's, whose clock is compared with DynamoDB's.
 *
 * A table that can't answer in time is down: operations reject with `StoreUnavailableError`, and nothing is
 * taken for new or for done.
 *
 * @example
 * ```ts
 * const store = dynamodbStore({ client: new DynamoDBClient({}), table: "notifications" });
 * ```
 */
export function dynamodbStore(options: DynamodbStoreOptions): DynamodbStore {
  const check = optionsOf("dynamodbStore");
  const client = check.methods("client", options.client, ["send"], "a DynamoDBClient");
  const table = check.text("table", options.table, /^.{3,1024}$/, "a table's name or ARN");
  const keyPrefix = check.text(
    "keyPrefix",
    options.keyPrefix ?? DEFAULT_KEY_PREFIX,
    /^[A-Za-z0-9:._/-]{0,100}$/,
    "up to 100 of [A-Za-z0-9:._/-]",
  );
  const callTimeoutMs = check.ms("callTimeoutMs", options.callTimeoutMs ?? DEFAULT_TIMEOUT_MS, {
    to: LONGEST_TIMER_MS,
  });
  const maxSkewMs = check.ms("maxSkewMs", options.maxSkewMs ?? DEFAULT_SKEW_MS, {
    from: LEAST_SKEW_MS,
  });
  const [clock, randomness] = [systemClock(), systemRandomness()];
  const checked = clockCheck(clock, maxSkewMs / 2);
  const port = dynamodbPort({ client, table, keyPrefix, clock, randomness, clockCheck: checked });
  const { retentionMs, pageSize, onUncounted } = options;
  const inspect = () => inspectTable({ client, table, clock, maxSkewMs, callTimeoutMs });
  return {
    ...casStore(port, { retentionMs, callTimeoutMs, maxSkewMs, pageSize, onUncounted }),
    inspect,
    verify: async () => (await inspect()).findings,
  };
}
