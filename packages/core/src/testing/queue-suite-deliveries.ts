import assert from "node:assert/strict";

import type { QueueReply } from "../ports/message-queue.js";
import type { QueueSuiteParts } from "./queue-suite-tools.js";

export function deliveryBehaviours({
  behaviour,
  capabilities: { fifo, maxReceiveCount },
}: QueueSuiteParts): void {
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
}

export function visibilityBehaviours({ behaviour }: QueueSuiteParts): void {
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
}

export function endingBehaviours({ behaviour }: QueueSuiteParts): void {
  behaviour("deletes what is acknowledged", async (tools) => {
    const { queue, send, one, receive, elapse } = tools;
    await send("a");
    const message = await one({ visibilityMs: 1_000 });
    assert.deepEqual(await queue.acknowledge([message]), ["ok"]);
    assert.deepEqual(await queue.extend([{ message, visibilityMs: 30_000 }]), ["lost"]);
    await elapse(1_200);
    assert.deepEqual(await receive(), []);
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
}

/** A handle is of one delivery: once the message was received again it does nothing any more. */
export function oldHandleBehaviours({ behaviour }: QueueSuiteParts): void {
  behaviour("answers lost to an extension by a handle of the past", async (tools) => {
    const { queue, send, one, elapse } = tools;
    await send("a");
    const first = await one({ visibilityMs: 1_000 });
    await elapse(1_200);
    const second = await one();
    assert.deepEqual(await queue.extend([{ message: first, visibilityMs: 30_000 }]), ["lost"]);
    assert.deepEqual(await queue.extend([{ message: second, visibilityMs: 30_000 }]), ["ok"]);
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
}

export function groupBehaviours({ behaviour }: QueueSuiteParts): void {
  behaviour("locks a group whole, however many of it were handed out at once", async (tools) => {
    const { queue, send, receive } = tools;
    for (const body of ["a1", "a2", "a3"]) await send(body, { groupId: "a" });
    const [first, ...others] = await receive();
    assert.deepEqual(
      [first, ...others].map((message) => message?.body),
      ["a1", "a2", "a3"].slice(0, 1 + others.length),
    );
    assert.deepEqual(await receive(), []);
    await queue.acknowledge(first === undefined ? [] : [first]);
    if (others.length > 0) assert.deepEqual(await receive(), []);
    await queue.retryLater(others.map((message) => ({ message, visibilityMs: 0 })));
    assert.equal((await receive())[0]?.body, "a2");
  });

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
}
