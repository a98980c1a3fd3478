import {
  ReceiveMessageCommand,
  type SQSClient,
  type SQSServiceException,
} from "@aws-sdk/client-sqs";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import {
  sqsError,
  sqsMessage,
  startFakeSqs,
  type FakeAnswer,
  type FakeSqs,
} from "../fixtures/fake-sqs.fixture.js";
import { testAccount } from "../fixtures/local-sqs.fixture.js";
import { sqsQueue } from "../queue/queue.js";
import { tunedSqsClient, type TunedSqsClientConfig } from "./tuned-client.js";

const request = { max: 10, visibilityMs: 30_000, waitMs: 0 };

describe("a tuned client", () => {
  let sqs: FakeSqs;
  beforeEach(async () => {
    sqs = await startFakeSqs();
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await sqs.close();
  });

  function open(config: TunedSqsClientConfig = {}, callTimeoutMs = 60_000) {
    const client = tunedSqsClient({ endpoint: sqs.endpoint, ...testAccount, ...config });
    return { client, queue: sqsQueue({ client, queueUrl: sqs.queueUrl, callTimeoutMs }) };
  }

  it("puts its middleware together once for all receives and once for all deletes", async () => {
    const { client, queue } = open();
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
    const { queue } = open();
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
    const { client } = open({ maxAttempts: 1 });
    expect(await outcomeOf(client)).toEqual(outcome);
    expect(sqs.requests).toHaveLength(2);
    expect(sqs.requests[0]?.input).toEqual(sqs.requests[1]?.input);
  });

  it("goes on after its connections were cut while they were idle", async () => {
    const { queue } = open();
    for (let round = 0; round < 3; round += 1) {
      expect(await queue.receive(request)).toEqual([]);
      sqs.cutConnections();
    }
  });

  it("asks once more after a reset, and not a third time", async () => {
    // The SDK waits for a random part of its delay before it asks again.
    vi.spyOn(Math, "random").mockReturnValue(0);
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
    const { queue } = open({}, 100);
    await expect(queue.extend([{ message, visibilityMs: 30_000 }])).rejects.toThrow(
      /no answer within 100 ms/,
    );
  });

  it("lets a receive go on for longer than the queue's own patience, and loses nothing", async () => {
    sqs.answer(() => ({ json: { Messages: [sqsMessage({ Body: "{}" })] }, delayMs: 300 }));
    expect(await open({}, 100).queue.receive(request)).toHaveLength(1);
  });

  it.each([
    [
      { timeouts: { requestTimeout: 20_000 } },
      /requestTimeout is 20000; give whole milliseconds from 21,000/,
    ],
    [{ timeouts: { socketTimeout: 0 } }, /socketTimeout is 0; give whole milliseconds from 21,000/],
    [{ timeouts: { requestTimeout: Number.NaN } }, /requestTimeout is NaN/],
    [{ timeouts: { connectionTimeout: 0 } }, /connectionTimeout is 0/],
    [{ maxSockets: 0 }, /maxSockets is 0/],
  ])("refuses settings that would cut off a poll or allow none: %j", (config, text) => {
    expect(() => open(config)).toThrow(text);
  });

  it("has undici end what takes longer than its timeouts", async () => {
    const made: unknown[] = [];
    vi.doMock("@smithy/undici-http-handler", () => ({
      UndiciHttpHandler: class {
        constructor(options: unknown) {
          made.push(options);
        }
        handle = () => Promise.reject(new Error("not sent"));
      },
    }));
    try {
      const timeouts = { requestTimeout: 22_000, socketTimeout: 23_000 };
      const { queue } = open({ maxSockets: 7, maxAttempts: 1, timeouts });
      await expect(queue.receive(request)).rejects.toThrow("not sent");
    } finally {
      vi.doUnmock("@smithy/undici-http-handler");
    }
    expect(made).toEqual([
      {
        dispatcher: {
          connect: { timeout: 2_000 },
          headersTimeout: 22_000,
          bodyTimeout: 23_000,
          connections: 7,
        },
      },
    ]);
  });

  it("goes without undici in a bundle that left it to the runtime", async () => {
    vi.doMock("@smithy/undici-http-handler", () => ({
      UndiciHttpHandler: class {
        constructor() {
          throw Object.assign(new Error("Cannot find module"), { code: "MODULE_NOT_FOUND" });
        }
      },
    }));
    try {
      const { queue } = open({ maxAttempts: 1 });
      sqs.answer(() => ({ json: { Messages: [sqsMessage({ Body: "{}" })] } }));
      await expect(queue.receive(request)).resolves.toHaveLength(1);
    } finally {
      vi.doUnmock("@smithy/undici-http-handler");
    }
  });

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
