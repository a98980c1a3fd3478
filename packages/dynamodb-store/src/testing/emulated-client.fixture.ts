import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { DynamodbClient } from "../client.js";

type Input = Record<string, unknown>;

/** A change of what is sent, by the command's name. */
export type ChangeInput = (command: string, input: Input) => void;

/** Keys that a busy table reads in one `BatchGetItem`. */
const READ_AT_ONCE = 10;

/**
 * A client that has habits of DynamoDB which emulators lack: a read that doesn't ask for consistency shows
 * what stood before all writes, and a large `BatchGetItem` leaves keys unprocessed.
 *
 * @param change planted bugs change what the store sends
 */
export function emulatedClient(
  client: DynamoDBClient,
  change: ChangeInput = () => {},
): DynamodbClient {
  const send = async (...args: readonly unknown[]): Promise<unknown> => {
    const [command, ...rest] = args as [
      { readonly constructor: { readonly name: string }; input: Input },
    ];
    const name = command.constructor.name.replace(/Command$/, "");
    const input = structuredClone(command.input);
    change(name, input);
    Object.assign(command, { input });
    const answer = (more: readonly unknown[] = rest): Promise<Input> =>
      (client.send as unknown as (...all: readonly unknown[]) => Promise<Input>).call(
        client,
        command,
        ...more,
      );
    return name === "BatchGetItem" ? batchGet(input, answer) : answer();
  };
  return { send: send as DynamoDBClient["send"] };
}

interface Requested {
  Keys: unknown[];
  ConsistentRead?: boolean;
}

async function batchGet(input: Input, answer: () => Promise<Input>): Promise<Input> {
  const items = input["RequestItems"] as Record<string, Requested>;
  const [[table, asked] = ["", { Keys: [] }]] = Object.entries(items);
  if (asked.ConsistentRead !== true) return { Responses: { [table]: [] }, UnprocessedKeys: {} };
  const left = asked.Keys.splice(READ_AT_ONCE);
  const found = await answer();
  return {
    ...found,
    UnprocessedKeys: left.length === 0 ? {} : { [table]: { ...asked, Keys: left } },
  };
}
