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

  it("is refused where its own limit isn't known, unless ours is set below it", async () => {
    const queue = lonely();
    const described = {
      ...queue,
      describe: async () => ({
        ...(await queue.describe()),
        deadLetter: { name: "told.fifo", maxReceiveCount: Infinity },
        unreadable: "grant sqs:GetQueueAttributes",
      }),
    };
    const { consumer } = rig({ consumer: { queue: described } });
    await expect(consumer.start()).rejects.toThrow("its own redrive could come before ours");
    const set = rig({ consumer: { queue: described, maxTries: 3 } });
    await set.clock.run(set.consumer.start());
    expect(set.consumer.health().ready).toBe(true);
    await set.clock.run(set.consumer.stop());
  });
});
