import { BatchGetItemCommand, type BatchGetItemCommandOutput } from "@aws-sdk/client-dynamodb";
import type { CasAnswer, CasCell } from "@exactly-once/core/ports";
import { keyOf, type Item, type Place } from "./place.js";
import { ATTRIBUTES } from "./table.js";

/** Reads cells strongly, in as many calls as it takes. */
export async function readCells(
  place: Place,
  names: readonly string[],
  signal: AbortSignal,
): Promise<CasAnswer<CasCell | undefined>> {
  const { table, keyPrefix, clock, patiently, clockCheck } = place;
  const found = new Map<string, CasCell>();
  let wanted = names.map((name) => keyOf(place, name));
  while (wanted.length > 0) {
    const answer = await patiently(() => batchGet(place, wanted, signal), signal);
    clockCheck?.assertClose();
    for (const item of answer.Responses?.[table] ?? []) {
      found.set(text(item, ATTRIBUTES.cell).slice(keyPrefix.length), cellOf(item));
    }
    // What a large answer had no room for, or a busy partition left out.
    const left = answer.UnprocessedKeys?.[table]?.Keys ?? [];
    if (left.length === wanted.length) await clock.sleep(UNPROCESSED_PAUSE_MS, signal);
    if (left.length > 0 && signal.aborted) throw new Error("the table left keys unread");
    wanted = left;
  }
  return { items: names.map((name) => found.get(name)) };
}

const UNPROCESSED_PAUSE_MS = 50;

/** Looks at DynamoDB's clock again, where this process' was off. */
export async function measureAgain(place: Place, signal: AbortSignal): Promise<void> {
  await place.patiently(() => batchGet(place, [keyOf(place, "clock")], signal), signal);
}

function batchGet(
  { client, table, clockCheck }: Place,
  keys: readonly Item[],
  abortSignal: AbortSignal,
): Promise<BatchGetItemCommandOutput> {
  const { cell, revision, content } = ATTRIBUTES;
  const command = new BatchGetItemCommand({
    RequestItems: {
      [table]: {
        Keys: [...keys],
        ConsistentRead: true,
        ProjectionExpression: "#c, #r, #v",
        ExpressionAttributeNames: { "#c": cell, "#r": revision, "#v": content },
      },
    },
  });
  clockCheck?.watch(command);
  return client.send(command, { abortSignal });
}

/** An item that somebody else put there has no revision or content: no write of ours replaces it. */
function cellOf(item: Item): CasCell {
  return { revision: text(item, ATTRIBUTES.revision), value: text(item, ATTRIBUTES.content) };
}

function text(item: Item, attribute: string): string {
  return item[attribute]?.S ?? "";
}
