import type { CreateTableCommandInput } from "@aws-sdk/client-dynamodb";

/** The attributes of an item. docs/format.md describes them. */
export const ATTRIBUTES = {
  /** The partition key: the store's prefix and the cell's name. */
  cell: "cell",
  revision: "revision",
  content: "content",
  /** Seconds since the epoch, for the table's time to live. */
  expires: "expires",
  /** The partition key of the index; only on items that may need attention. */
  shard: "shard",
  /** The sort key of the index: time and name. */
  place: "place",
} as const;

/** Before every key of the table, unless told otherwise. */
export const DEFAULT_KEY_PREFIX = "eo:";

/** The index of what may need attention: only items with a `shard` and a `place` are in it. */
export const ATTENTION_INDEX = "attention";

/** Partitions of the index: all that is begun and settled passes through it. */
export const SHARDS = 8;

/** An item may have 400 KiB with the names of its attributes, of which the value may take this many bytes. */
export const MAX_CONTENT_BYTES = 400_000;

/**
 * The table, for `CreateTableCommand`; `table.template.json` in this package is the same as a
 * CloudFormation template. Time to live has to be switched on as well, on `expires`.
 *
 * @example
 * ```ts
 * await client.send(new CreateTableCommand(tableDefinition("notifications")));
 * ```
 */
export function tableDefinition(table: string): CreateTableCommandInput {
  const { cell, shard, place } = ATTRIBUTES;
  return {
    TableName: table,
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: [cell, shard, place].map((AttributeName) => ({
      AttributeName,
      AttributeType: "S",
    })),
    KeySchema: [{ AttributeName: cell, KeyType: "HASH" }],
    GlobalSecondaryIndexes: [
      {
        IndexName: ATTENTION_INDEX,
        KeySchema: [
          { AttributeName: shard, KeyType: "HASH" },
          { AttributeName: place, KeyType: "RANGE" },
        ],
        Projection: { ProjectionType: "KEYS_ONLY" },
      },
    ],
  };
}
