import assert from "node:assert/strict";

import type {
  DeadLetterReason,
  MessageQueue,
  QueueMessage,
  QueueReply,
} from "../ports/message-queue.js";

/** One fresh queue, empty and seen by nobody else. */
export interface QueueFixture {
  readonly queue: MessageQueue;
  send(
    body: string,
    options?: {
      /** Always given where the queue is FIFO. */
      readonly groupId?: string;
      readonly dedupId?: string;
      readonly attributes?: Readonly<Record<string, string>>;
    },
  ): Promise<unknown>;
  /** Lets time pass for the queue: advances its clock, or waits where it has none to advance. */
  elapse(ms: number): Promise<void>;
  /** What stands in the dead-letter queue, visible or not, oldest first. */
  deadLetters(): Promise<readonly Pick<QueueMessage, "body" | "attributes" | "groupId">[]>;
  close?(): Promise<void>;
}

export interface QueueCapabilities {
  readonly fifo: boolean;
  /** Of the fixture's redrive policy, at least 2. */
  readonly maxReceiveCount: number;
}

export interface QueueSuiteOptions {
  /** The `test` of any runner: vitest, node:test, jest. */
  readonly test: (name: string, body: () => Promise<void>) => unknown;
  readonly factory: () => Promise<QueueFixture>;
  readonly capabilities: QueueCapabilities;
}

const reason: DeadLetterReason = {
  code: "invalid",
  text: 'traineeId: expected text, got "\u0000"',
  attemptIds: ["k-email-o-1-1"],
};

/**
 * Conformance of a {@link MessageQueue}. It asks only for what SQS documents and what the consumer
 * relies on. Times are whole seconds, the smallest SQS knows.
 */
export function queueSuite({ test, factory, capabilities }: QueueSuiteOptions): void {
  const { fifo, maxReceiveCount } = capabilities;

  function behaviour(name: string, body: (tools: Tools) => Promise<void>): void {
    test(name, async () => {
      const fixture = await factory();
      try {
        await body(toTools(fixture, fifo));
      } finally {
        await fixture.close?.();
      }
    });
  }

  test("the factory makes queues that don't see each other's messages", async () => {
    const [one, two] = [await factory(), await factory()];
    await toTools(one, fifo).send("a");
    assert.deepEqual(await toTools(two, fifo).receive(), []);
    await one.close?.();
    await two.close?.();
  });

  behaviour("describes itself", async ({ queue }) => {
    const description = await queue.describe();
    assert.equal(description.fifo, fifo);
    assert.notEqual(description.name, "");
    assert.equal(description.deadLetter?.maxReceiveCount, maxReceiveCount);
  });

  behaviour("delivers a message whole", async ({ send, one }) => {
    const body = `{"name":"Zoë \u202Ealtered\u202C","script":"<script>"}`;
    await send(body, { attributes: { kind: "form", n: "x", "a.b-c": "7" } });
    const message = await one();
    assert.equal(message.body, body);
    assert.deepEqual({ ...message.attributes }, { kind: "form", n: "x", "a.b-c": "7" });
    assert.equal(message.receiveCount, 1);
    assert.ok(message.id !== "" && message.handle !== "");
    assert.ok(message.sentAt > 0);
    assert.equal(message.groupId, fifo ? "group-1" : undefined);
  });

  behaviour("receives no more than asked for, and up to ten", async ({ send, receive }) => {
    for (let i = 0; i < 12; i += 1) await send(`m${i}`);
    const three = await receive({ max: 3 });
    const ten = await receive({ max: 10 });
    assert.equal(three.length, 3);
    assert.ok(ten.length >= 9 && ten.length <= 10, `received ${ten.length}`);
    const ids = new Set([...three, ...ten].map(({ id }) => id));
    assert.equal(ids.size, three.length + ten.length);
  });

  behaviour("hides a message for as long as asked, then delivers it anew", async (tools) => {
    const { send, one, receive, elapse } = tools;
    await send("a");
    const first = await one({ visibilityMs: 2_000 });
    assert.deepEqual(await receive(), []);
    await elapse(2_200);
    const second = await one();
    assert.equal(second.id, first.id);
    assert.equal(second.receiveCount, 2);
    assert.notEqual(second.handle, first.handle);
  });

  behaviour("keeps a message hidden that is extended in time", async (tools) => {
    const { queue, send, one, receive, elapse } = tools;
    await send("a");
    const message = await one({ visibilityMs: 1_000 });
    assert.deepEqual(await queue.extend([{ message, visibilityMs: 4_000 }]), ["ok"]);
    await elapse(1_500);
    assert.deepEqual(await receive(), []);
  });

  behaviour("rounds a visibility up, never to nothing", async ({ queue, send, one, receive }) => {
    await send("a");
    const message = await one({ visibilityMs: 1 });
    assert.deepEqual(await receive(), []);
    assert.deepEqual(await queue.extend([{ message, visibilityMs: 1 }]), ["ok"]);
    assert.deepEqual(await receive(), []);
  });

  behaviour("answers lost to an extension by a handle of the past", async (tools) => {
    const { queue, send, one, elapse } = tools;
    await send("a");
    const first = await one({ visibilityMs: 1_000 });
    await elapse(1_200);
    const second = await one();
    assert.deepEqual(await queue.extend([{ message: first, visibilityMs: 30_000 }]), ["lost"]);
    assert.deepEqual(await queue.extend([{ message: second, visibilityMs: 30_000 }]), ["ok"]);
  });

  behaviour("refuses more than 12 hours without losing the delivery", async (tools) => {
    const { queue, send, one } = tools;
    await send("a");
    const message = await one();
    const [tooLong] = await queue.extend([{ message, visibilityMs: 12 * 3_600_000 + 1_000 }]);
    assert.ok(typeof tooLong === "object" && tooLong.failed.startsWith("visibilityLimit"));
    assert.deepEqual(await queue.extend([{ message, visibilityMs: 30_000 }]), ["ok"]);
  });

  behaviour("returns a message at once, or after a delay", async (tools) => {
    const { queue, send, one, receive, elapse } = tools;
    await send("a");
    const first = await one();
    assert.deepEqual(await queue.retryLater([{ message: first, visibilityMs: 0 }]), ["ok"]);
    const second = await one();
    assert.deepEqual(await queue.retryLater([{ message: second, visibilityMs: 1_000 }]), ["ok"]);
    assert.deepEqual(await receive(), []);
    await elapse(1_200);
    assert.equal((await one()).receiveCount, 3);
  });

  behaviour("deletes what is acknowledged", async (tools) => {
    const { queue, send, one, receive, elapse } = tools;
    await send("a");
    const message = await one({ visibilityMs: 1_000 });
    assert.deepEqual(await queue.acknowledge([message]), ["ok"]);
    assert.deepEqual(await queue.extend([{ message, visibilityMs: 30_000 }]), ["lost"]);
    await elapse(1_200);
    assert.deepEqual(await receive(), []);
  });

  behaviour("keeps what is acknowledged by a handle of the past", async (tools) => {
    const { queue, send, one, elapse } = tools;
    await send("a");
    const first = await one({ visibilityMs: 1_000 });
    await elapse(1_200);
    const second = await one({ visibilityMs: 1_000 });
    const [reply] = await queue.acknowledge([first]);
    assert.ok(reply === "ok" || reply === "lost");
    await elapse(1_200);
    assert.equal((await one()).id, second.id);
  });

  behaviour("answers a batch entry by entry, in order", async ({ queue, send, receive }) => {
    for (let i = 0; i < 10; i += 1) await send(`m${i}`, { groupId: `g${i}` });
    const all = await receive({ max: 10 });
    const [gone] = all;
    assert.ok(gone !== undefined && all.length === 10);
    await queue.acknowledge([gone]);
    const order = [...all.slice(1, 4), gone, ...all.slice(4)];
    const expected: QueueReply[] = order.map((message) => (message === gone ? "lost" : "ok"));
    assert.deepEqual(
      await queue.extend(order.map((message) => ({ message, visibilityMs: 30_000 }))),
      expected,
    );
  });

  behaviour("takes empty batches and refuses more than ten", async ({ queue, send, one }) => {
    assert.deepEqual(await queue.extend([]), []);
    assert.deepEqual(await queue.acknowledge([]), []);
    assert.deepEqual(await queue.retryLater([]), []);
    await send("a");
    const message = await one();
    await assert.rejects(queue.acknowledge(Array.from({ length: 11 }, () => message)), RangeError);
  });

  behaviour("waits for a message that is still to come", async ({ send, receive, elapse }) => {
    const waiting = receive({ waitMs: 5_000 });
    await elapse(100);
    await send("a");
    await elapse(100);
    assert.deepEqual(
      (await waiting).map(({ body }) => body),
      ["a"],
    );
  });

  behaviour("loses nothing when it is told to stop waiting", async (tools) => {
    const { send, receive, elapse } = tools;
    const stop = new AbortController();
    const waiting = receive({ waitMs: 20_000, signal: stop.signal });
    await elapse(50);
    stop.abort();
    await send("a");
    await elapse(50);
    const late = await waiting;
    assert.equal([...late, ...(await receive())].length, 1);
    assert.deepEqual(await receive({ waitMs: 20_000, signal: stop.signal }), []);
  });

  behaviour("copies a dead letter with its reason, and leaves the original", async (tools) => {
    const { queue, send, one, deadLetters } = tools;
    await send("a", { attributes: { kind: "form" } });
    const message = await one();
    assert.equal(await queue.deadLetter(message, reason), "copied");
    const [copy, ...others] = await deadLetters();
    assert.ok(copy !== undefined && others.length === 0);
    const { "exactly-once": note, ...attributes } = copy.attributes;
    assert.deepEqual({ body: copy.body, attributes }, { body: "a", attributes: { kind: "form" } });
    const { sourceArn, ...rest } = JSON.parse(note ?? "") as Record<string, unknown>;
    assert.equal(typeof sourceArn, "string");
    assert.deepEqual(rest, {
      ...reason,
      ...(fifo ? { groupId: "group-1" } : {}),
      originalMessageId: message.id,
      receiveCount: 1,
      sentAt: message.sentAt,
    });
    assert.deepEqual(await queue.acknowledge([message]), ["ok"]);
  });

  behaviour("copies a dead letter whose attributes leave no room for the reason", async (tools) => {
    const { queue, send, one, deadLetters } = tools;
    const attributes = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`a${i}`, `v${i}`]));
    await send("a", { attributes });
    assert.equal(await queue.deadLetter(await one(), reason), "copied");
    const [copy] = await deadLetters();
    assert.equal(copy?.body, "a");
    const { "exactly-once": note, ...kept } = copy.attributes;
    const { code, displaced } = JSON.parse(note ?? "") as {
      readonly code: string;
      readonly displaced: Readonly<
        Record<string, { readonly type: string; readonly value: string }>
      >;
    };
    assert.equal(code, reason.code);
    for (const { type } of Object.values(displaced)) assert.equal(type, "String");
    const back = Object.entries(displaced).map(([name, { value }]) => [name, value] as const);
    assert.deepEqual({ ...kept, ...Object.fromEntries(back) }, attributes);
  });

  behaviour("moves a message that was received too often to the dead letters", async (tools) => {
    const { send, one, receive, deadLetters } = tools;
    await send("a");
    for (let i = 0; i < maxReceiveCount; i += 1) await one({ visibilityMs: 0 });
    assert.deepEqual(await receive(), []);
    assert.deepEqual(
      (await deadLetters()).map(({ body }) => body),
      ["a"],
    );
  });

  if (fifo) fifoBehaviours(behaviour);
}

function fifoBehaviours(
  behaviour: (name: string, body: (tools: Tools) => Promise<void>) => void,
): void {
  behaviour("holds a group back while one of it is in flight, and no other", async (tools) => {
    const { queue, send, one, receive } = tools;
    for (const body of ["a1", "a2", "b1"]) await send(body, { groupId: body.slice(0, 1) });
    const a1 = await one();
    assert.equal(a1.body, "a1");
    assert.deepEqual(
      (await receive()).map(({ body }) => body),
      ["b1"],
    );
    await queue.acknowledge([a1]);
    assert.equal((await one()).body, "a2");
  });

  behaviour("keeps a group's order over a return", async ({ queue, send, one }) => {
    for (const body of ["a1", "a2"]) await send(body, { groupId: "a" });
    await queue.retryLater([{ message: await one(), visibilityMs: 0 }]);
    assert.equal((await one()).body, "a1");
  });

  behaviour("makes one dead letter of one message, however often it is asked", async (tools) => {
    const { queue, send, one, deadLetters } = tools;
    await send("a");
    const message = await one();
    assert.equal(await queue.deadLetter(message, reason), "copied");
    assert.equal(await queue.deadLetter(message, reason), "copied");
    assert.deepEqual(
      (await deadLetters()).map(({ body, groupId }) => [body, groupId]),
      [["a", "group-1"]],
    );
  });

  behaviour("takes two messages of equal content for two dead letters", async (tools) => {
    const { queue, send, one, deadLetters } = tools;
    for (const dedupId of ["first", "second"]) {
      await send("same", { groupId: dedupId, dedupId });
      const message = await one();
      assert.equal(await queue.deadLetter(message, reason), "copied");
      await queue.acknowledge([message]);
    }
    assert.equal((await deadLetters()).length, 2);
  });
}

interface ReceiveOptions {
  readonly max?: number;
  readonly visibilityMs?: number;
  readonly waitMs?: number;
  readonly signal?: AbortSignal;
}

interface Tools extends QueueFixture {
  receive(options?: ReceiveOptions): Promise<readonly QueueMessage[]>;
  one(options?: ReceiveOptions): Promise<QueueMessage>;
}

/** A FIFO message gets a group and a deduplication id of its own unless the test gives them. */
function toTools(fixture: QueueFixture, fifo: boolean): Tools {
  const { queue } = fixture;
  let sent = 0;
  const receive: Tools["receive"] = ({
    max = 10,
    visibilityMs = 30_000,
    waitMs = 0,
    signal,
  } = {}) =>
    queue.receive({ max, visibilityMs, waitMs, ...(signal === undefined ? {} : { signal }) });
  return {
    queue,
    elapse: (ms) => fixture.elapse(ms),
    deadLetters: () => fixture.deadLetters(),
    send(body, options) {
      sent += 1;
      const fifoIds = fifo ? { groupId: `group-${sent}`, dedupId: `dedup-${sent}` } : {};
      const { groupId, ...rest } = options ?? {};
      const group = fifo && groupId !== undefined ? { groupId } : {};
      return fixture.send(body, { ...fifoIds, ...rest, ...group });
    },
    receive,
    async one(options) {
      const [message] = await receive({ ...options, max: 1 });
      assert.ok(message !== undefined, "a message should have been delivered");
      return message;
    },
  };
}
