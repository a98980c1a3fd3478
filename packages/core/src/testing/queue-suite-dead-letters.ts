import assert from "node:assert/strict";

import type { DeadLetterReason } from "../ports/message-queue.js";
import type { QueueSuiteParts } from "./queue-suite-tools.js";

const reason: DeadLetterReason = {
  code: "invalid",
  text: 'traineeId: expected text, got "\u0000"',
  attemptIds: ["k-email-o-1-1"],
};

export function deadLetterBehaviours({
  behaviour,
  capabilities: { fifo, maxReceiveCount },
}: QueueSuiteParts): void {
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
}

export function groupDeadLetterBehaviours({ behaviour }: QueueSuiteParts): void {
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
