import { sharedSnapshotSuite } from "@exactly-once/core/testing";
import { casUserSnapshot } from "@exactly-once/core/user-cache";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { givenDynamodb, type GivenDynamodb } from "./testing/given-dynamodb.fixture.js";
import { partOf } from "./testing/store-fixture.fixture.js";
import { dynamodbUserSnapshot } from "./user-snapshot.js";

let given: GivenDynamodb;
beforeAll(async () => {
  given = await givenDynamodb();
});
afterAll(() => given.stop());

describe("a user snapshot in a DynamoDB table conforms", () => {
  sharedSnapshotSuite({
    test,
    unitMs: 60_000,
    factory: async ({ graceMs }) => {
      const { clock, portOf } = partOf(given);
      const port = portOf(given.client());
      const shared = casUserSnapshot(port, {
        name: "pool",
        graceMs,
        clock,
        callTimeoutMs: 900_000,
      });
      return { shared, elapse: (ms) => clock.advance(ms) };
    },
  });
});

describe("a user snapshot in a DynamoDB table", () => {
  it("holds the largest chunk there is", async () => {
    const shared = dynamodbUserSnapshot({ client: given.client(), table: given.table });
    const reply = await shared.acquire({ owner: "a", leaseMs: 600_000 });
    if (reply.status !== "granted") throw new Error("busy");
    const bytes = new Uint8Array(256 * 1_024).fill(255);
    await shared.write(reply.lease, 0, bytes, 600_000);
    const manifest = { format: "t", chunks: 1, entries: 1, users: 1, asOf: 1, completedAt: 2 };
    expect(await shared.publish(reply.lease, manifest, 600_000)).toBe("published");
    const head = await shared.head();
    const [chunk] = (await shared.read(head?.generation ?? "", 0, 1)) ?? [];
    expect(chunk?.length).toBe(bytes.length);
  });
});
