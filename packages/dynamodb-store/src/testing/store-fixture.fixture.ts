import {
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  ScanCommand,
  type AttributeValue,
  type DynamoDBClient,
} from "@aws-sdk/client-dynamodb";
import { casStore, recordName, systemRandomness, type CasPort } from "@exactly-once/core/ports";
import {
  casValueFromLater,
  casValueKeepsLater,
  createVirtualClock,
  spoiledCasValue,
  type CasPortFixture,
  type StoreFixture,
  type StoreFixtureRequest,
  type VirtualClock,
} from "@exactly-once/core/testing";
import { randomUUID } from "node:crypto";
import type { DynamodbPortOptions } from "../place.js";
import { dynamodbPort } from "../port.js";
import type { GivenDynamodb } from "./given-dynamodb.fixture.js";

/** Makes the port: a planted bug makes another. */
export type MakePort = (
  options: Omit<DynamodbPortOptions, "client"> & { readonly client: DynamoDBClient },
) => CasPort;

/** No test waits for an answer for so long, by the clock that tests move. */
const PATIENT_MS = 300_000;

interface Part {
  readonly clock: VirtualClock;
  readonly keyPrefix: string;
  portOf(client: DynamoDBClient): CasPort;
  /** What DynamoDB's time to live does sooner or later. */
  deleteExpired(): Promise<void>;
}

/** A part of the table that nobody else uses, on a clock that a test moves. */
export function partOf({ table, client }: GivenDynamodb, make: MakePort = dynamodbPort): Part {
  const clock = createVirtualClock();
  const keyPrefix = `${randomUUID()}:`;
  const admin = client();
  return {
    clock,
    keyPrefix,
    portOf: (of) => make({ client: of, table, keyPrefix, clock, randomness: systemRandomness() }),
    deleteExpired: async () => {
      const { Items = [] } = await admin.send(
        new ScanCommand({ TableName: table, ConsistentRead: true }),
      );
      for (const { cell, expires } of Items) {
        const isOurs = cell?.S?.startsWith(keyPrefix) === true;
        if (!cell || !isOurs || !expires?.N || Number(expires.N) * 1_000 > clock.now()) continue;
        await admin.send(new DeleteItemCommand({ TableName: table, Key: { cell } }));
      }
    },
  };
}

export function portFixture(given: GivenDynamodb, make: MakePort = dynamodbPort): CasPortFixture {
  const part = partOf(given, make);
  const gate = gated(given.client());
  return {
    port: part.portOf(gate.client),
    another: async () => part.portOf(given.client()),
    elapse: (ms) => part.clock.advance(ms),
    now: async () => part.clock.now(),
    deleteExpired: part.deleteExpired,
    outage: gate.outage,
  };
}

/** Refuses before anything is on its way: what is lost on the way has tests of its own. */
function gated(client: DynamoDBClient) {
  let isDown = false;
  return {
    client: new Proxy(client, {
      get: (of, name: keyof DynamoDBClient) =>
        name === "send" && isDown
          ? () => Promise.reject(new Error("connect ECONNREFUSED"))
          : Reflect.get(of, name, of),
    }),
    outage: async () => {
      isDown = true;
      return async () => {
        isDown = false;
      };
    },
  };
}

export function storeFixture(
  given: GivenDynamodb,
  { retentionMs, pageSize }: StoreFixtureRequest,
  make: MakePort = dynamodbPort,
): StoreFixture {
  const { clock, keyPrefix, portOf, deleteExpired } = partOf(given, make);
  const admin = given.client();
  const gate = gated(given.client());
  const storeOf = (of: DynamoDBClient) =>
    casStore(portOf(of), { clock, retentionMs, pageSize, maxSkewMs: 0, callTimeoutMs: PATIENT_MS });
  const { table } = given;
  const cellOf = (key: string): AttributeValue => ({ S: `${keyPrefix}${recordName(key)}` });

  async function itemOf(key: string): Promise<Record<string, AttributeValue>> {
    const Key = { cell: cellOf(key) };
    const { Item } = await admin.send(
      new GetItemCommand({ TableName: table, Key, ConsistentRead: true }),
    );
    if (!Item) throw new Error(`There is no record of ${key}.`);
    return Item;
  }

  async function put(item: Record<string, AttributeValue>, revision: string): Promise<void> {
    const Item = { ...item, revision: { S: revision } };
    await admin.send(new PutItemCommand({ TableName: table, Item }));
  }

  return {
    store: storeOf(gate.client),
    another: async () => storeOf(given.client()),
    elapse: async (ms) => {
      await clock.advance(ms);
      if (ms >= 60_000) await deleteExpired();
    },
    outage: gate.outage,
    spoil: async (key, how) => {
      const before = await itemOf(key);
      const content = { S: spoiledCasValue(before["content"]?.S ?? "", how) };
      await put({ ...before, content }, "spoiled");
      return () => put(before, "mended");
    },
    addFromLater: async (key) => {
      const before = await itemOf(key);
      await put(
        { ...before, content: { S: casValueFromLater(before["content"]?.S ?? "") } },
        "later",
      );
      return async () => casValueKeepsLater((await itemOf(key))["content"]?.S ?? "{}");
    },
  };
}
