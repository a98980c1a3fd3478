import { ReceiveMessageCommand, SQSClient, type SQSServiceException } from "@aws-sdk/client-sqs";
import type { StandardRetryStrategy } from "@smithy/core/retry";
import type { getSchemaSerdePlugin } from "@smithy/core/schema";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import {
  sqsError,
  sqsMessage,
  startFakeSqs,
  type FakeAnswer,
  type FakeSqs,
} from "./fake-sqs.fixture.js";
import { testAccount } from "./local-sqs.fixture.js";
import { sqsQueue } from "./queue.js";
import { tunedSqsClient, type TunedSqsClientConfig } from "./tuned-client.js";

const request = { max: 10, visibilityMs: 30_000, waitMs: 0 };

describe("a tuned client", () => {
  let sqs: FakeSqs;
  beforeEach(async () => {
    sqs = await startFakeSqs();
  });
  afterEach(() => sqs.close());

  function open(config: TunedSqsClientConfig = {}) {
    const client = tunedSqsClient({ endpoint: sqs.endpoint, ...testAccount, ...config });
    return { client, queue: sqsQueue({ client, queueUrl: sqs.queueUrl, callTimeoutMs: 100 }) };
  }

  /** Once all of its middleware is loaded. */
  async function openWhole(config: TunedSqsClientConfig = {}) {
    const { client, queue } = open(config);
    await vi.waitFor(() => {
      expect(client.config.cacheMiddleware).toBe(true);
    });
    return { client, queue };
  }

  it("puts its middleware together once for all receives and once for all deletes", async () => {
    const { client, queue } = await openWhole();
    const built: string[] = [];
    client.middlewareStack.add(
      (next, context) => {
        built.push(String((context as { readonly commandName?: string }).commandName));
        return next;
      },
      { step: "initialize" },
    );
    sqs.answer(({ action }) => ({
      json:
        action === "ReceiveMessage"
          ? { Messages: [sqsMessage({ Body: "{}" })] }
          : { Successful: [{ Id: "0" }] },
    }));
    for (let round = 0; round < 3; round += 1) {
      expect(await queue.acknowledge(await queue.receive(request))).toEqual(["ok"]);
    }
    expect(built).toEqual(["ReceiveMessageCommand", "DeleteMessageBatchCommand"]);
  });

  it("asks the same each time: nothing piles up in what is put together once", async () => {
    const { queue } = await openWhole();
    for (let round = 0; round < 5; round += 1) await queue.receive(request);
    expect(sqs.requests).toHaveLength(5);
    // The signature is that of its time.
    const asked = sqs.requests.map(({ authorization: _, ...sent }) => JSON.stringify(sent));
    expect(new Set(asked).size).toBe(1);
  });

  it.each<readonly [string, FakeAnswer]>([
    ["messages", { json: { Messages: [sqsMessage({ Body: "{}", Attributes: { A: "1" } })] } }],
    ["nothing", { json: {} }],
    ["a refusal", sqsError("QueueDoesNotExist", "no such queue")],
    ["a fault", sqsError("InternalError", "sorry", { status: 500 })],
    ["a proxy's page", { status: 503, text: "<p>Busy</p>" }],
    ["a page for an answer", { status: 200, text: "<p>Sign in</p>" }],
  ])("asks and understands as the SDK's own client does: %s", async (_, answer) => {
    sqs.answer(() => answer);
    const outcomeOf = async (client: SQSClient) => {
      const command = new ReceiveMessageCommand({ QueueUrl: sqs.queueUrl, WaitTimeSeconds: 0 });
      const outcome: unknown = await client.send(command).catch((error: unknown) => error);
      if (!(outcome instanceof Error)) return outcome;
      const { name, message } = outcome;
      const { $metadata, $response } = outcome as SQSServiceException;
      return { kind: outcome.constructor, name, message, $metadata, status: $response?.statusCode };
    };
    const outcome = await outcomeOf(sqs.client);
    const { client } = await openWhole({ maxAttempts: 1 });
    expect(await outcomeOf(client)).toEqual(outcome);
    expect(sqs.requests).toHaveLength(2);
    expect(sqs.requests[0]?.input).toEqual(sqs.requests[1]?.input);
  });

  it("hands the protocol its configuration without copying it", async () => {
    const { client, queue } = await openWhole();
    const { protocol } = client.config as unknown as Parameters<typeof getSchemaSerdePlugin>[0];
    const serialize = vi.spyOn(protocol, "serializeRequest");
    const deserialize = vi.spyOn(protocol, "deserializeResponse");
    await queue.receive(request);
    for (const context of [serialize.mock.lastCall?.[2], deserialize.mock.lastCall?.[1]]) {
      expect(context).toMatchObject({
        serviceId: "SQS",
        protocol,
        commandName: "ReceiveMessageCommand",
      });
      expect(Object.keys(context ?? {})).not.toContain("serviceId");
    }
  });

  it("tries again as the SDK's own client does", async () => {
    const fault = sqsError("InternalError", "sorry", { status: 500 });
    async function storyOf(client: SQSClient) {
      const tries: (string | undefined)[] = [];
      const calls: (string | undefined)[] = [];
      client.middlewareStack.add(
        (next) => (args) => {
          const { headers } = args.request as { readonly headers: Record<string, string> };
          tries.push(headers["amz-sdk-request"]);
          calls.push(headers["amz-sdk-invocation-id"]);
          return next(args);
        },
        { step: "finalizeRequest", priority: "low" },
      );
      const story: unknown[] = [];
      for (const answers of [[], [fault], [], [fault, fault], []]) {
        sqs.answer(() => answers.shift() ?? { json: {} });
        const outcome: unknown = await client
          .send(new ReceiveMessageCommand({ QueueUrl: sqs.queueUrl }))
          .catch((error: unknown) => error);
        const { attempts, totalRetryDelay = 0 } = (outcome as SQSServiceException).$metadata;
        const strategy = (await client.config.retryStrategy()) as StandardRetryStrategy;
        const waited = totalRetryDelay > 0;
        const called = new Set(calls.splice(0)).size;
        const failed = outcome instanceof Error;
        story.push({ failed, attempts, waited, called, left: strategy.getCapacity() });
      }
      return { tries, story };
    }
    const settings = { endpoint: sqs.endpoint, ...testAccount, maxAttempts: 2 };
    const expected = await storyOf(new SQSClient(settings));
    expect(expected.tries).toContain("attempt=2; max=2");
    expect(await storyOf((await openWhole()).client)).toEqual(expected);
  });

  it("leaves a strategy that may delay a first try to the SDK's loop", async () => {
    for (const [retryMode, isOurs] of [
      ["standard", true],
      ["adaptive", false],
    ] as const) {
      const { client, queue } = await openWhole({ retryMode });
      const strategy = (await client.config.retryStrategy()) as StandardRetryStrategy;
      const asked = vi.spyOn(strategy, "acquireInitialRetryToken");
      await queue.receive(request);
      expect(asked.mock.calls).toHaveLength(1);
      // The loop tells for what service and kind of call it asks.
      expect(asked.mock.calls[0]?.[0] === "").toBe(isOurs);
    }
  });

  it.each(["@smithy/core/schema", "@smithy/core/retry"])(
    "does without what a bundle leaves out and no runtime brings: %s",
    async (left) => {
      vi.doMock(left, () => {
        throw new Error("not found");
      });
      try {
        const { queue } = await openWhole();
        sqs.answer(() => ({ json: { Messages: [sqsMessage({ Body: "{}" })] } }));
        expect(await queue.receive(request)).toHaveLength(1);
      } finally {
        vi.doUnmock(left);
      }
    },
  );

  it("signs with the credentials of the moment, by one signer", async () => {
    let asked = 0;
    const { client, queue } = open({
      credentials: () => {
        asked += 1;
        const expiration = new Date(Date.now() + 1_000);
        return Promise.resolve({ accessKeyId: `key-${asked}`, secretAccessKey: "s", expiration });
      },
    });
    for (let round = 0; round < 3; round += 1) await queue.receive(request);
    const keys = sqs.requests.map(({ authorization }) => /key-\d+/.exec(authorization)?.[0]);
    expect(new Set(keys).size).toBe(3);
    expect(await client.config.signer()).toBe(await client.config.signer());
  });

  it("asks for a signer again where none could be had", async () => {
    let region: Promise<string> = Promise.reject(new Error("no metadata yet"));
    const { queue } = open({ region: () => region });
    await expect(queue.receive(request)).rejects.toThrow(/no metadata yet/);
    region = Promise.resolve("eu-west-2");
    expect(await queue.receive(request)).toEqual([]);
  });

  it("keeps to a signer that is passed", async () => {
    const sign = <Message>(message: Message) => Promise.resolve(message);
    const { client } = open({ signer: () => Promise.resolve({ sign }) });
    expect(await client.config.signer()).toEqual({ sign });
  });

  it("goes on after its connections were cut while they were idle", async () => {
    const { queue } = open();
    for (let round = 0; round < 3; round += 1) {
      expect(await queue.receive(request)).toEqual([]);
      sqs.cutConnections();
    }
  });

  it("asks once more after a reset, and not a third time", async () => {
    sqs.answer(() => "reset");
    await expect(open().queue.receive(request)).rejects.toMatchObject({
      code: "QUEUE_UNAVAILABLE",
    });
    expect(sqs.requests).toHaveLength(2);
  });

  it("rejects where nothing listens", async () => {
    const { queue } = open();
    await sqs.close();
    await expect(queue.receive(request)).rejects.toThrow(/ECONNREFUSED/);
    sqs = await startFakeSqs();
  });

  it("gives up an extension within the queue's own time, since a lease hangs on it", async () => {
    sqs.answer(() => "hang");
    const message = { id: "m", handle: "h", body: "", attributes: {}, sentAt: 0, receiveCount: 1 };
    await expect(open().queue.extend([{ message, visibilityMs: 30_000 }])).rejects.toThrow(
      /no answer within 100 ms/,
    );
  });

  it("lets a receive go on for longer than the queue's own patience, and loses nothing", async () => {
    sqs.answer(() => ({ json: { Messages: [sqsMessage({ Body: "{}" })] }, delayMs: 300 }));
    expect(await open().queue.receive(request)).toHaveLength(1);
  });

  it("refuses timeouts that would cut off a poll", () => {
    expect(() => open({ timeouts: { requestTimeout: 20_000 } })).toThrow(/at least 21000/);
    expect(() => open({ timeouts: { socketTimeout: 0 } })).toThrow(/at least 21000/);
  });

  it("ends a receive that nobody answers", async () => {
    sqs.answer(() => "hang");
    const { queue } = open({ maxAttempts: 1, timeouts: { requestTimeout: 21_000 } });
    await expect(queue.receive(request)).rejects.toMatchObject({ code: "QUEUE_UNAVAILABLE" });
  }, 60_000);

  it("shows what it does to a logger that is passed", async () => {
    const said: unknown[] = [];
    const quiet = () => undefined;
    const logger = { info: (...words: unknown[]) => said.push(words), debug: quiet };
    await open({ logger: { ...logger, trace: quiet, warn: quiet, error: quiet } }).queue.receive(
      request,
    );
    expect(said).not.toEqual([]);
  });
});
