import { describe, test } from "vitest";

import { memoryQueue } from "./memory-queue.js";
import { queueSuite, type QueueFixture } from "./queue-suite.js";
import { createVirtualClock } from "./virtual-clock.js";

const maxReceiveCount = 3;

function memoryFixture(fifo: boolean): Promise<QueueFixture> {
  const clock = createVirtualClock();
  const deadLetterQueue = memoryQueue({ clock, fifo, name: fifo ? "dead.fifo" : "dead" });
  const queue = memoryQueue({ clock, fifo, deadLetterQueue, maxReceiveCount });
  return Promise.resolve({
    queue,
    send: (body, options) => Promise.resolve(queue.send(body, options)),
    elapse: (ms) => clock.advance(ms),
    deadLetters: () => Promise.resolve(queue.deadLetters()),
  });
}

for (const fifo of [false, true]) {
  describe(`a memory queue, ${fifo ? "FIFO" : "standard"}, conforms`, () => {
    queueSuite({
      test,
      factory: () => memoryFixture(fifo),
      capabilities: { fifo, maxReceiveCount },
    });
  });
}
