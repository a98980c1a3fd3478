import { QueryCommand, type AttributeValue } from "@aws-sdk/client-dynamodb";
import type { CasAttentionPage } from "@exactly-once/core/ports";
import type { Place } from "./place.js";
import { ATTENTION_INDEX, ATTRIBUTES, SHARDS } from "./table.js";

/** Longer than any time in ms that a date can have. */
const TIME_DIGITS = 16;

/** Orders entries by time and then by name, bytewise, as DynamoDB compares its sort keys. */
export function placeOf(attentionAt: number, name: string): string {
  return `${String(attentionAt).padStart(TIME_DIGITS, "0")} ${name}`;
}

/** Names are hashed already, but for those of few cells: their last characters are as good as chance. */
export function shardOf(keyPrefix: string, name: string): string {
  const sum = [...name.slice(-4)].reduce((total, char) => 31 * total + char.charCodeAt(0), 0);
  return shardName(keyPrefix, sum % SHARDS);
}

function shardName(keyPrefix: string, shard: number): string {
  return `${keyPrefix}${shard}`;
}

/** The first entries of all shards behind the cursor, merged. The index follows the table with a delay. */
export async function attentionPage(
  of: Place,
  cursor: string | undefined,
  limit: number,
  signal: AbortSignal,
): Promise<CasAttentionPage> {
  const shards = Array.from({ length: SHARDS }, (_, i) => shardName(of.keyPrefix, i));
  const found = await Promise.all(
    shards.map((shard) => placesOf(of, shard, cursor, limit + 1, signal)),
  );
  const places = found.flat().sort(bytewise);
  const shown = places.slice(0, limit);
  const next = places.length > limit ? shown.at(-1) : undefined;
  return {
    names: shown.map((place) => place.slice(TIME_DIGITS + 1)),
    ...(next === undefined ? {} : { next }),
  };
}

async function placesOf(
  { client, table }: Place,
  shard: string,
  after: string | undefined,
  limit: number,
  abortSignal: AbortSignal,
): Promise<string[]> {
  const places: string[] = [];
  let from: Record<string, AttributeValue> | undefined;
  do {
    const command = new QueryCommand({
      TableName: table,
      IndexName: ATTENTION_INDEX,
      KeyConditionExpression: after === undefined ? "#s = :s" : "#s = :s AND #p > :p",
      ExpressionAttributeNames: {
        "#s": ATTRIBUTES.shard,
        ...(after === undefined ? {} : { "#p": ATTRIBUTES.place }),
      },
      ExpressionAttributeValues: {
        ":s": { S: shard },
        ...(after === undefined ? {} : { ":p": { S: after } }),
      },
      Limit: limit - places.length,
      ...(from === undefined ? {} : { ExclusiveStartKey: from }),
    });
    const { Items = [], LastEvaluatedKey } = await client.send(command, { abortSignal });
    places.push(...Items.map((item) => item[ATTRIBUTES.place]?.S ?? ""));
    from = LastEvaluatedKey;
  } while (from !== undefined && places.length < limit);
  return places;
}

function bytewise(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
