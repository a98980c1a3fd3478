import { describe, expect, it } from "vitest";

import { memoryQueue } from "../testing/memory-queue.js";
import { createVirtualClock } from "../testing/virtual-clock.js";
import { rig } from "./consumer.fixture.js";

describe("a queue whose dead-letter queue isn't known", () => {
  const lonely = () =>
    memoryQueue({ clock: createVirtualClock(), fifo: true, name: "lonely.fifo" });

  it("is refused for having no redrive policy", async () => {
    const { consumer } = rig({ consumer: { queue: lonely() } });
    await expect(consumer.start()).rejects.toThrow("lonely.fifo has no redrive policy");
  });

  it("is refused for what it wouldn't tell, where that may not be read", async () => {
    const queue = lonely();
    const unreadable = "grant sqs:GetQueueAttributes";
    const described = {
      ...queue,
      describe: async () => ({ ...(await queue.describe()), unreadable }),
    };
    const { consumer } = rig({ consumer: { queue: described } });
    await expect(consumer.start()).rejects.toThrow(unreadable);
  });
});
