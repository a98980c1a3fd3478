import { describe, test } from "vitest";

import { memoryQueue, type MemoryQueueOptions } from "./memory-queue.js";
import { queueSuite } from "./queue-suite.js";
import type { QueueFixture } from "./queue-suite-tools.js";
import { createVirtualClock } from "./virtual-clock.js";

const maxReceiveCount = 3;

function memoryFixture(
  options: Pick<MemoryQueueOptions, "fifo" | "onePerGroup">,
): Promise<QueueFixture> {
  const clock = createVirtualClock();
  const { fifo = false } = options;
  const deadLetterQueue = memoryQueue({ clock, fifo, name: fifo ? "dead.fifo" : "dead" });
  const queue = memoryQueue({ clock, ...options, deadLetterQueue, maxReceiveCount });
  return Promise.resolve({
    queue,
    send: (body, options) => Promise.resolve(queue.send(body, options)),
    elapse: (ms) => clock.advance(ms),
    deadLetters: () => Promise.resolve(queue.deadLetters()),
  });
}

for (const options of [{ fifo: false }, { fifo: true }, { fifo: true, onePerGroup: true }]) {
  describe(`a memory queue conforms: ${JSON.stringify(options)}`, () => {
    queueSuite({
      test,
      factory: () => memoryFixture(options),
      capabilities: { fifo: options.fifo, maxReceiveCount },
    });
  });
}
