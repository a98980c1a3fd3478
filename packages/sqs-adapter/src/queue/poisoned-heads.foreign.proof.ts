import {
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSServiceException,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import {
  createConsumer,
  definePipeline,
  memoryStore,
  PermanentError,
  type Consumer,
  type ConsumerEvent,
  type DedupeStore,
  type Sender,
} from "@exactly-once/core";
import { afterAll, describe, expect, it, test } from "vitest";
import { z } from "zod";

import { missingForSqs, startForeignSqs } from "../../../../scripts/foreign-sqs.mjs";
import { readNote } from "../dead-letters/dead-letter-note.js";
import { openSqs, testClient, type LocalSqs } from "../fixtures/local-sqs.fixture.js";
import { sqsQueue } from "./queue.js";

/** Ten messages of one group, the first of which can't be handled. */
const LETTERS = Array.from({ length: 10 }, (_, n) => ({ id: `letter-${n}`, n }));
const HEALTHY = LETTERS.slice(1).map(({ id }) => id);
const letter = z.object({ id: z.string(), n: z.number() });
type Letter = z.infer<typeof letter>;

/** A service on an emulator's queue, which may be started anew. */
interface Service {
  readonly sent: readonly string[];
  readonly events: readonly ConsumerEvent[];
  /** Another process begins where this one ended; the store remembers. */
  restart(): Promise<void>;
  /** From now on the dead-letter queue may be written to. */
  permit(): void;
  /** The dead letters as `id: code`; one that SQS moved by itself has no code. */
  deadLetters(): Promise<readonly string[]>;
}

interface Poison {
  readonly handle: (event: Letter) => void;
  /** Of the head. */
  readonly attributes?: Readonly<Record<string, string>>;
  /** At first the dead-letter queue may not be written to. */
  readonly denied?: true;
}

const always: Poison["handle"] = ({ n }) => {
  if (n === 0) throw new Error("always");
};
const permanent: Poison["handle"] = ({ n }) => {
  if (n === 0) throw new PermanentError("no account");
};

async function withService(
  sqs: LocalSqs,
  poison: Poison,
  act: (service: Service) => Promise<void>,
): Promise<void> {
  const { queueUrl, deadLetterQueueUrl } = await sqs.createPair({
    ...{ fifo: true, maxReceiveCount: 10, attributes: { VisibilityTimeout: "30" } },
  });
  const { client, permit } = deniableClient(sqs.endpoint, poison.denied === true);
  const store = memoryStore();
  const sent: string[] = [];
  const events: ConsumerEvent[] = [];
  const create = () =>
    createService({ client, queueUrl, store, sent, events, handle: poison.handle });
  await sendAll(sqs, queueUrl, poison.attributes ?? {});
  let consumer = create();
  await consumer.start();
  try {
    await act({
      ...{ sent, events, permit },
      restart: async () => {
        await consumer.stop();
        consumer = create();
        await consumer.start();
      },
      deadLetters: async () => {
        const letters = await sqs.peek(deadLetterQueueUrl);
        return letters.map((message) => `${idOf(message.body)}: ${readNote(message)?.code}`);
      },
    });
  } finally {
    await consumer.stop();
    client.destroy();
  }
}

function createService(parts: {
  readonly client: SQSClient;
  readonly queueUrl: string;
  readonly store: DedupeStore;
  readonly sent: string[];
  readonly events: ConsumerEvent[];
  readonly handle: Poison["handle"];
}): Consumer {
  const { client, queueUrl, store, sent, events, handle } = parts;
  const mailer: Sender<string, string> = {
    prepare: (id) => Promise.resolve(id),
    send: (id) => {
      sent.push(id);
      const receipt = { id: `mail-${sent.length}`, at: Date.now(), via: "provider" } as const;
      return Promise.resolve({ status: "accepted", receipt });
    },
  };
  const pipeline = definePipeline({
    name: "letters",
    schema: letter,
    key: ({ id }) => [id],
    effects: { email: mailer },
    retry: { baseMs: 50, maxMs: 200 },
    handler: async (event, context) => {
      handle(event);
      await context.once("email", event.id);
    },
  });
  return createConsumer({
    ...{ namespace: "poisoned", store, pipelines: [pipeline] },
    queue: sqsQueue({ client, queueUrl, stopWithinMs: 1_000 }),
    visibilityMs: 10_000,
    observe: (event) => events.push(event),
  });
}

/** A client whose role may be kept from copying. */
function deniableClient(endpoint: string, deniedAtFirst: boolean) {
  const client = testClient(endpoint);
  const send = client.send.bind(client) as (command: unknown, options: unknown) => unknown;
  let denied = deniedAtFirst;
  client.send = ((command: unknown, options: unknown) => {
    if (!denied || !(command instanceof SendMessageCommand)) return send(command, options);
    const message = "User is not authorized to perform: sqs:sendmessage";
    const $metadata = { httpStatusCode: 403 };
    return Promise.reject(
      new SQSServiceException({ name: "AccessDenied", $fault: "client", $metadata, message }),
    );
  }) as typeof client.send;
  return {
    client,
    permit: () => {
      denied = false;
    },
  };
}

async function sendAll(
  { client }: LocalSqs,
  QueueUrl: string,
  headAttributes: Readonly<Record<string, string>>,
): Promise<void> {
  const Entries = LETTERS.map((body, n) => ({
    Id: String(n),
    MessageBody: JSON.stringify(body),
    MessageGroupId: "group",
    MessageDeduplicationId: body.id,
    MessageAttributes: Object.fromEntries(
      Object.entries(n === 0 ? headAttributes : {}).map(([name, StringValue]) => [
        name,
        { DataType: "String", StringValue },
      ]),
    ),
  }));
  await client.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
}

/** An envelope has the letter's body in its own. */
function idOf(body: string): string {
  return /letter-\d/.exec(body)?.[0] ?? body;
}

for (const name of ["elasticmq", "moto"] as const) {
  const missing = missingForSqs(name);
  if (missing !== undefined) {
    test(`poisoned heads on ${name}`, ({ skip }) => {
      skip(missing);
    });
    continue;
  }
  const server = await startForeignSqs(name);
  const sqs = openSqs(server.endpoint);
  afterAll(async () => {
    await sqs.close();
    await server.stop();
  });
  describe(`a group whose head is poisoned, on ${name}: each healthy message is sent once, in order`, () => {
    it("after the permission came back, where the head's copy is denied for a while", () =>
      withService(sqs, { handle: permanent, denied: true }, async (service) => {
        const { sent, events, permit, deadLetters } = service;
        const told = () => events.filter(({ type }) => type === "deadLetterImpossible");
        await expect.poll(() => told().length).toBeGreaterThan(0);
        expect(sent).toEqual([]);
        permit();
        await expect.poll(() => sent).toEqual(HEALTHY);
        expect(await deadLetters()).toEqual(["letter-0: permanent"]);
      }));

    it("where the head's ten attributes leave no room for the reason", () =>
      withService(
        sqs,
        {
          handle: permanent,
          attributes: Object.fromEntries(Array.from({ length: 10 }, (_, n) => [`a${n}`, "x"])),
        },
        async ({ sent, deadLetters }) => {
          await expect.poll(() => sent).toEqual(HEALTHY);
          expect(await deadLetters()).toEqual(["letter-0: permanent"]);
        },
      ));

    it("where the head always throws, and the service is started anew twice", () =>
      withService(sqs, { handle: always }, async ({ sent, events, restart, deadLetters }) => {
        const retries = () => events.filter(({ type }) => type === "held").length;
        for (const least of [1, 2]) {
          await expect.poll(retries).toBeGreaterThanOrEqual(least);
          await restart();
        }
        await expect.poll(() => sent).toEqual(HEALTHY);
        expect(await deadLetters()).toEqual(["letter-0: retriesExhausted"]);
      }));

    it("where another fails in passing behind it", () => {
      let failed = false;
      const handle: Poison["handle"] = (event) => {
        always(event);
        if (event.n !== 3 || failed) return;
        failed = true;
        throw new Error("once");
      };
      return withService(sqs, { handle }, async ({ sent, deadLetters }) => {
        await expect.poll(() => sent).toEqual(HEALTHY);
        expect(failed).toBe(true);
        expect(await deadLetters()).toEqual(["letter-0: retriesExhausted"]);
      });
    });
  });
}
