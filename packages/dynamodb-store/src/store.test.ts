import {
  CreateTableCommand,
  type CreateTableCommandInput,
  type DynamoDBClient,
} from "@aws-sdk/client-dynamodb";
import { StoreUnavailableError } from "@exactly-once/core";
import { repliesOf, type AttemptStart, type Lease } from "@exactly-once/core/ports";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { dynamodbStore, type DynamodbStoreOptions } from "./store.js";
import { tableDefinition } from "./table.js";
import { givenDynamodb, type GivenDynamodb } from "./testing/given-dynamodb.fixture.js";
import { wireTo, type Wire } from "./testing/wire.fixture.js";

let given: GivenDynamodb;
let wire: Wire;

beforeAll(async () => {
  given = await givenDynamodb();
  wire = await wireTo(given.endpoint);
});

afterAll(async () => {
  await wire.stop();
  await given.stop();
});

beforeEach(() => {
  wire.requests.length = 0;
  wire.fates.length = 0;
  wire.dateOffMs = 0;
});

/** No test waits for an answer for so long. */
const PATIENT_MS = 120_000;

function storeOver(client: DynamoDBClient, over: Partial<DynamodbStoreOptions> = {}) {
  return dynamodbStore({
    client,
    table: given.table,
    keyPrefix: `${randomUUID()}:`,
    callTimeoutMs: PATIENT_MS,
    ...over,
  });
}

const KEY = "0123456789abcdef0123456789abcdef";
const A: Lease = { key: KEY, owner: "a", fence: 1 };

const request = {
  key: KEY,
  keyText: '["tis","form-updated","t1"]',
  pipeline: "form-updated",
  owner: "a",
  leaseMs: 60_000,
  messageId: "m1",
  fingerprint: "v1:00112233445566778899aabbccddeeff",
};

const start: AttemptStart = {
  ...A,
  effect: "email",
  attemptNumber: 1,
  timeoutMs: 30_000,
  validityMs: 300_000,
  fingerprint: request.fingerprint,
};

const accepted = {
  status: "accepted",
  receipt: { id: "id-1", at: 1_767_225_600_000, via: "provider" },
} as const;

describe("a message on the wire", () => {
  it("is four conditional writes and no read for a new key", async () => {
    const store = storeOver(wire.client());
    await store.claim([request]);
    expect(await store.begin(start)).toBe("granted");
    expect(await store.settle(start, accepted)).toBe("settled");
    expect(await store.complete([A])).toEqual(["done"]);
    expect(wire.requests).toEqual(["PutItem", "PutItem", "PutItem", "PutItem"]);
  });

  it("is one write unit for each write: a record with one email is below 1 kB", async () => {
    const sizes: number[] = [];
    const client = wire.client();
    client.middlewareStack.add(
      (next) => async (args) => {
        const { Item } = args.input as { Item?: Record<string, { S?: string; N?: string }> };
        const bytes = Object.entries(Item ?? {}).map(([name, { S = "", N = "" }]) =>
          Buffer.byteLength(name + S + N),
        );
        sizes.push(bytes.reduce((sum, size) => sum + size, 0));
        return next(args);
      },
      { step: "initialize" },
    );
    const store = storeOver(client);
    await store.claim([request]);
    await store.begin(start);
    const id = "0100018f2b3c4d5e-0b1f5a9e-7f3c-4d2e-9a77-000102030405-000000";
    await store.settle(start, { status: "accepted", receipt: { ...accepted.receipt, id } });
    await store.complete([A]);
    expect(sizes).toHaveLength(4);
    expect(Math.max(...sizes)).toBeLessThan(1_024);
  });

  it("is a refused write, a read and a write where the key was done before", async () => {
    const client = wire.client();
    const keyPrefix = `${randomUUID()}:`;
    await storeOver(client, { keyPrefix }).claim([request]);
    await storeOver(client, { keyPrefix }).claim([{ ...request, owner: "b" }]);
    expect(wire.requests).toEqual(["PutItem", "PutItem", "BatchGetItem"]);
  });
});

describe("when requests come to grief", () => {
  it("throttling is waited for, not reported", async () => {
    const store = storeOver(wire.client());
    wire.fates.push("throttled", "throttled", "throttled");
    expect(repliesOf(await store.claim([request]))[0]).toMatchObject({ status: "claimed" });
    expect(wire.requests).toHaveLength(4);
    wire.fates.push("throttled");
    expect(repliesOf(await store.read([KEY]))[0]).toMatchObject({ state: "claimed" });
    wire.fates.push("throttled");
    expect((await store.unresolved()).items).toEqual([]);
  });

  it("throttling that lasts is an outage in time", async () => {
    const store = storeOver(wire.client(), { callTimeoutMs: 200 });
    wire.fates.push(...Array.from({ length: 100 }, () => "throttled" as const));
    await expect(store.claim([request])).rejects.toThrow(StoreUnavailableError);
  });

  it.each(["answerLost", "failed"] as const)(
    "an unanswered begin (%s) is a fault, and granted when it is repeated",
    async (fate) => {
      const store = storeOver(wire.client());
      await store.claim([request]);
      wire.fates.push(fate);
      await expect(store.begin(start)).rejects.toThrow(StoreUnavailableError);
      expect(await store.begin(start)).toBe("granted");
      expect(await store.begin({ ...start, attemptNumber: 2 })).toMatchObject({ unknown: {} });
    },
  );

  it.each(["answerLost", "twice", "failed"] as const)(
    "a client that repeats (%s) changes nothing: the refusal is looked into",
    async (fate) => {
      const store = storeOver(wire.client({ maxAttempts: 3 }));
      wire.fates.push(fate);
      expect(repliesOf(await store.claim([request]))[0]).toMatchObject({ fence: 1 });
      wire.fates.push(fate);
      expect(await store.begin(start)).toBe("granted");
      wire.fates.push(fate);
      expect(await store.settle(start, accepted)).toBe("settled");
      wire.fates.push(fate);
      expect(await store.complete([A])).toEqual(["done"]);
    },
  );

  it("a request without an answer is an outage in time", async () => {
    const store = storeOver(wire.client(), { callTimeoutMs: 200 });
    wire.fates.push("swallowed");
    await expect(store.claim([request])).rejects.toThrow("no answer within 200 ms");
  });

  it("a table that isn't there is an outage, not an empty store", async () => {
    const store = storeOver(wire.client(), { table: "another" });
    await expect(store.claim([request])).rejects.toThrow(StoreUnavailableError);
    await expect(store.ping()).rejects.toThrow(StoreUnavailableError);
  });

  it("one of a batch fails alone", async () => {
    const store = storeOver(wire.client());
    wire.fates.push("failed");
    const replies = await store.claim([request, { ...request, key: "f".repeat(32) }]);
    const faults = replies.filter((reply) => reply instanceof StoreUnavailableError);
    expect(faults).toHaveLength(1);
    expect(replies).toContainEqual(expect.objectContaining({ status: "claimed", fence: 1 }));
  });
});

describe("the clock", () => {
  it("that is off by more than half the skew isn't served, until it is right", async () => {
    const store = storeOver(wire.client(), { maxSkewMs: 20_000 });
    wire.dateOffMs = 60_000;
    await expect(store.ping()).rejects.toThrow("behind DynamoDB's");
    await expect(store.claim([request])).rejects.toThrow(StoreUnavailableError);
    wire.dateOffMs = -60_000;
    await expect(store.ping()).rejects.toThrow("ahead of DynamoDB's");
    wire.dateOffMs = 0;
    await store.ping();
    expect(repliesOf(await store.claim([request]))[0]).toMatchObject({ status: "claimed" });
  });

  it("that is off by less is served", async () => {
    const store = storeOver(wire.client(), { maxSkewMs: 60_000 });
    wire.dateOffMs = 15_000;
    await store.ping();
    expect(repliesOf(await store.claim([request]))[0]).toMatchObject({ status: "claimed" });
  });
});

describe("inspect", () => {
  const codes = async (table: string) => {
    const { findings } = await storeOver(wire.client(), { table }).inspect();
    return findings.map(({ code }) => code);
  };
  const create = async (over: Partial<CreateTableCommandInput>) => {
    const table = `t-${randomUUID()}`;
    await given.client().send(new CreateTableCommand({ ...tableDefinition(table), ...over }));
    return table;
  };

  it("finds what a fresh table lacks, and nothing else", async () => {
    // The emulator has neither time to live nor protection.
    expect(await codes(given.table)).toEqual(["NO_TIME_TO_LIVE", "NOT_PROTECTED"]);
  });

  it("finds another key, another index and provisioned capacity", async () => {
    const table = await create({
      BillingMode: "PROVISIONED",
      ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 1 },
      KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
      AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
      GlobalSecondaryIndexes: undefined,
    });
    expect(await codes(table)).toEqual(
      expect.arrayContaining(["WRONG_KEY", "WRONG_INDEX", "PROVISIONED"]),
    );
  });

  it("finds a clock that is off, and says by how much", async () => {
    wire.dateOffMs = 3_600_000;
    const report = await storeOver(wire.client()).inspect();
    expect(report.findings.map(({ code }) => code)).toContain("CLOCK_SKEW");
    expect(report.clockSkewMs).toBeLessThan(-3_500_000);
  });

  it("says so where the table can't be described", async () => {
    await expect(codes("another")).rejects.toThrow(StoreUnavailableError);
  });
});

describe("the CloudFormation template", () => {
  interface Template {
    readonly Resources: Readonly<
      Record<string, { Type: string; Properties: Record<string, unknown> }>
    >;
  }
  const template = JSON.parse(
    readFileSync(new URL("../table.template.json", import.meta.url), "utf8"),
  ) as Template;

  it("makes the table that the code defines, with its time to live", () => {
    const { Type, Properties } = template.Resources["Table"] ?? { Type: "", Properties: {} };
    const { TimeToLiveSpecification, ...rest } = Properties;
    expect(Type).toBe("AWS::DynamoDB::Table");
    expect(TimeToLiveSpecification).toEqual({ AttributeName: "expires", Enabled: true });
    const { TableName: _, ...defined } = tableDefinition("any");
    expect(rest).toMatchObject({ ...defined });
  });
});

describe("options", () => {
  it("are checked by name", () => {
    const client = wire.client();
    const options = (over: object) => ({ client, table: "table", ...over });
    expect(() => dynamodbStore(options({ client: {} }) as never)).toThrow("client has no send()");
    expect(() => dynamodbStore(options({ table: "" }))).toThrow("dynamodbStore: table is");
    expect(() => dynamodbStore(options({ keyPrefix: "a b" }))).toThrow("keyPrefix");
    expect(() => dynamodbStore(options({ maxSkewMs: 10 }))).toThrow("maxSkewMs");
    expect(() => dynamodbStore(options({ callTimeoutMs: 0 }))).toThrow("callTimeoutMs");
    expect(() => dynamodbStore(options({ retentionMs: -1 }))).toThrow("retentionMs");
  });
});
