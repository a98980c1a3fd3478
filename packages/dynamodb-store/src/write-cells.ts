import {
  DeleteItemCommand,
  PutItemCommand,
  UpdateItemCommand,
  type AttributeValue,
} from "@aws-sdk/client-dynamodb";
import type { CasAnswer, CasWrite, CasWritten } from "@exactly-once/core/ports";
import { placeOf, shardOf } from "./attention.js";
import { faultOf, isRefusal } from "./faults.js";
import { keyOf, type Place } from "./place.js";
import { measureAgain } from "./read-cells.js";
import { ATTRIBUTES, MAX_CONTENT_BYTES } from "./table.js";

/** Writes each cell where its condition holds: DynamoDB takes no conditional writes in batches. */
export async function writeCells(
  place: Place,
  items: readonly CasWrite[],
  signal: AbortSignal,
): Promise<CasAnswer<CasWritten>> {
  const { clockCheck } = place;
  if (clockCheck?.isOff) await measureAgain(place, signal);
  clockCheck?.assertClose();
  return { items: await Promise.all(items.map((item) => writeCell(place, item, signal))) };
}

async function writeCell(
  place: Place,
  item: CasWrite,
  signal: AbortSignal,
): Promise<CasWritten | Error> {
  const bytes = Buffer.byteLength(item.value ?? "");
  if (bytes > MAX_CONTENT_BYTES) {
    return new Error(`a value of ${bytes} bytes is more than an item can hold`);
  }
  try {
    await place.patiently(() => putOrDelete(place, item, signal), signal);
    return "written";
  } catch (error) {
    return isRefusal(error) ? "refused" : faultOf(error);
  }
}

async function putOrDelete(place: Place, item: CasWrite, abortSignal: AbortSignal): Promise<void> {
  const { client, table, keyPrefix, clockCheck } = place;
  const condition = { TableName: table, ...conditionOn(item.expected) };
  if (item.value === null) {
    const command = new DeleteItemCommand({ ...condition, Key: keyOf(place, item.name) });
    await client.send(command, { abortSignal });
  } else {
    const command = new PutItemCommand({ ...condition, Item: itemOf(keyPrefix, item, item.value) });
    clockCheck?.watch(command);
    await client.send(command, { abortSignal });
  }
}

/** Puts a cell into the index as it stands. */
export async function attendCell(
  place: Place,
  name: string,
  attentionAt: number,
  abortSignal: AbortSignal,
): Promise<void> {
  const { client, table, keyPrefix, patiently } = place;
  const { cell, shard, place: at } = ATTRIBUTES;
  const command = new UpdateItemCommand({
    TableName: table,
    Key: keyOf(place, name),
    UpdateExpression: "SET #s = :s, #p = :p",
    ConditionExpression: "attribute_exists(#c) AND attribute_not_exists(#s)",
    ExpressionAttributeNames: { "#c": cell, "#s": shard, "#p": at },
    ExpressionAttributeValues: {
      ":s": { S: shardOf(keyPrefix, name) },
      ":p": { S: placeOf(attentionAt, name) },
    },
  });
  try {
    await patiently(() => client.send(command, { abortSignal }), abortSignal);
  } catch (error) {
    if (!isRefusal(error)) throw error;
  }
}

/** Nothing, or this revision, has to stand. */
function conditionOn(expected: string | undefined) {
  const { cell, revision } = ATTRIBUTES;
  if (expected === undefined) {
    return {
      ConditionExpression: "attribute_not_exists(#c)",
      ExpressionAttributeNames: { "#c": cell },
    };
  }
  return {
    ConditionExpression: "#r = :expected",
    ExpressionAttributeNames: { "#r": revision },
    ExpressionAttributeValues: { ":expected": { S: expected } },
  };
}

function itemOf(
  keyPrefix: string,
  { name, revision, attentionAt, expiresAt }: CasWrite,
  content: string,
): Record<string, AttributeValue> {
  return {
    [ATTRIBUTES.cell]: { S: `${keyPrefix}${name}` },
    [ATTRIBUTES.revision]: { S: revision },
    [ATTRIBUTES.content]: { S: content },
    ...(expiresAt === undefined
      ? {}
      : { [ATTRIBUTES.expires]: { N: String(Math.ceil(expiresAt / 1_000)) } }),
    ...(attentionAt === undefined
      ? {}
      : {
          [ATTRIBUTES.shard]: { S: shardOf(keyPrefix, name) },
          [ATTRIBUTES.place]: { S: placeOf(attentionAt, name) },
        }),
  };
}
