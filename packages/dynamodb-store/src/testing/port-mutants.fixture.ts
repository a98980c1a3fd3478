import type { CasPort, CasWritten } from "@exactly-once/core/ports";
import { ATTRIBUTES } from "../table.js";
import type { ChangeInput } from "./emulated-client.fixture.js";

/** One planted bug: what the port would send, or answer, if a line of it were wrong. */
export interface PortMutant {
  readonly breaks: string;
  readonly send?: ChangeInput;
  readonly answer?: (port: CasPort) => Partial<CasPort>;
}

type Item = Record<string, { S?: string; N?: string }>;

const unconditional = (input: Record<string, unknown>): void => {
  delete input["ConditionExpression"];
  delete input["ExpressionAttributeNames"];
  delete input["ExpressionAttributeValues"];
};

/** Of writes: changes the item that is put. */
const ofItems =
  (change: (item: Item) => void): ChangeInput =>
  (command, input) => {
    if (command === "PutItem") change(input["Item"] as Item);
  };

const ofQueries =
  (change: (input: Record<string, unknown>) => void): ChangeInput =>
  (command, input) => {
    if (command === "Query") change(input);
  };

const values = (input: Record<string, unknown>) =>
  input["ExpressionAttributeValues"] as Record<string, { S: string }>;

const writtenAs =
  (told: (reply: CasWritten | Error) => CasWritten | Error) =>
  (port: CasPort): Partial<CasPort> => ({
    write: async (items, signal) => {
      const answer = await port.write(items, signal);
      return { ...answer, items: answer.items.map(told) };
    },
  });

export const portMutants: readonly PortMutant[] = [
  {
    breaks: "a new cell is written only where nothing stands",
    send: (command, input) => {
      const condition = String(input["ConditionExpression"]);
      if (command === "PutItem" && condition.includes("not_exists")) unconditional(input);
    },
  },
  {
    breaks: "a cell is replaced only on its revision",
    send: (command, input) => {
      const condition = String(input["ConditionExpression"]);
      if (command === "PutItem" && condition.includes(":expected")) unconditional(input);
    },
  },
  {
    breaks: "a cell is deleted only on its revision",
    send: (command, input) => {
      if (command === "DeleteItem") unconditional(input);
    },
  },
  {
    breaks: "each write brings a new revision",
    send: (command, input) => {
      if (command === "PutItem") (input["Item"] as Item)[ATTRIBUTES.revision] = { S: "same" };
      const expected = (input["ExpressionAttributeValues"] as Item | undefined)?.[":expected"];
      if (expected && expected.S !== "never") expected.S = "same";
    },
  },
  {
    breaks: "reads are strong",
    send: (command, input) => {
      if (command !== "BatchGetItem") return;
      for (const asked of Object.values(input["RequestItems"] as object)) {
        delete (asked as { ConsistentRead?: boolean }).ConsistentRead;
      }
    },
  },
  {
    breaks: "a refusal isn't told as written",
    answer: writtenAs((it) => (it === "refused" ? "written" : it)),
  },
  {
    breaks: "a refusal isn't told as a fault",
    answer: writtenAs((it) => (it === "refused" ? new Error("refused") : it)),
  },
  {
    breaks: "a fault isn't told as a refusal",
    answer: writtenAs((it) => (it instanceof Error ? "refused" : it)),
  },
  {
    breaks: "a fault of one item isn't the batch's",
    answer: (port) => ({
      write: async (items, signal) => {
        const answer = await port.write(items, signal);
        const fault = answer.items.find((item) => item instanceof Error);
        if (fault) throw fault;
        return answer;
      },
    }),
  },
  {
    breaks: "a batch is answered in its order",
    answer: (port) => ({
      read: async (names, signal) => {
        const { items } = await port.read([...names].sort(), signal);
        return { items };
      },
    }),
  },
  {
    breaks: "keys that were left unprocessed are read, too",
    answer: (port) => ({
      read: async (names, signal) => {
        const { items } = await port.read(names.slice(0, 10), signal);
        return { items: names.map((_, i) => items[i]) };
      },
    }),
  },
  {
    breaks: "time to live is in seconds",
    send: ofItems((item) => {
      const expires = item[ATTRIBUTES.expires];
      if (expires) expires.N = `${expires.N}000`;
    }),
  },
  { breaks: "time to live is written", send: ofItems((item) => delete item[ATTRIBUTES.expires]) },
  {
    breaks: "the prefix keeps stores apart",
    send: (_, input) => {
      const text = JSON.stringify(input).replaceAll(/[0-9a-f-]{36}:/g, "");
      for (const name of Object.keys(input)) delete input[name];
      Object.assign(input, JSON.parse(text));
    },
  },
  {
    breaks: "names are told apart by case",
    answer: (port) => ({
      write: (items, signal) =>
        port.write(
          items.map((item) => ({ ...item, name: item.name.toLowerCase() })),
          signal,
        ),
      read: (names, signal) =>
        port.read(
          names.map((name) => name.toLowerCase()),
          signal,
        ),
    }),
  },
  {
    breaks: "the index bears only what needs attention",
    send: ofItems((item) => {
      const cell = item[ATTRIBUTES.cell]?.S ?? "";
      const prefix = cell.slice(0, cell.indexOf(":") + 1);
      item[ATTRIBUTES.shard] ??= { S: `${prefix}0` };
      item[ATTRIBUTES.place] ??= { S: `${"0".repeat(16)} ${cell.slice(prefix.length)}` };
    }),
  },
  {
    breaks: "the index bears all that needs attention",
    send: ofItems((item) => delete item[ATTRIBUTES.shard]),
  },
  {
    breaks: "the index is in the order of time",
    send: ofItems((item) => {
      const place = item[ATTRIBUTES.place];
      if (place) place.S = place.S?.replace(/^0+/, "") ?? "";
    }),
  },
  {
    breaks: "every shard of the index is read",
    send: ofQueries((input) => {
      const shard = values(input)[":s"];
      if (shard) shard.S = shard.S.replace(/7$/, "6");
    }),
  },
  {
    breaks: "a page begins behind the one before",
    send: ofQueries((input) => {
      input["KeyConditionExpression"] = String(input["KeyConditionExpression"]).replace(">", ">=");
    }),
  },
  {
    breaks: "what can't be read is taken into the index",
    answer: () => ({ attend: async () => {} }),
  },
  {
    breaks: "what is in the index isn't moved in it",
    send: (command, input) => {
      if (command !== "UpdateItem") return;
      input["ConditionExpression"] = "attribute_exists(#c)";
    },
  },
  {
    breaks: "what is absent isn't taken into the index",
    send: (command, input) => {
      if (command !== "UpdateItem") return;
      input["ConditionExpression"] = "attribute_not_exists(#s)";
      delete (input["ExpressionAttributeNames"] as Record<string, string>)["#c"];
    },
  },
];
