import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import type { Clock, Randomness } from "@exactly-once/core/ports";
import type { DynamodbClient } from "./client.js";
import type { ClockCheck } from "./clock-check.js";
import type { BackPressure } from "./faults.js";
import { ATTRIBUTES } from "./table.js";

/** Where cells stand, and how it is called. */
export interface Place {
  readonly client: DynamodbClient;
  readonly table: string;
  readonly keyPrefix: string;
  readonly clock: Clock;
  /** Absent where a test's clock isn't DynamoDB's. */
  readonly clockCheck: ClockCheck | undefined;
  readonly patiently: BackPressure;
}

/** What the port is made of. */
export interface DynamodbPortOptions {
  readonly client: DynamodbClient;
  readonly table: string;
  readonly keyPrefix: string;
  readonly clock: Clock;
  readonly randomness: Pick<Randomness, "random">;
  readonly clockCheck?: ClockCheck | undefined;
}

export type Item = Readonly<Record<string, AttributeValue>>;

export function keyOf({ keyPrefix }: Pick<Place, "keyPrefix">, name: string): Item {
  return { [ATTRIBUTES.cell]: { S: `${keyPrefix}${name}` } };
}
