import assert from "node:assert/strict";

import { deadLetterBehaviours, groupDeadLetterBehaviours } from "./queue-suite-dead-letters.js";
import {
  deliveryBehaviours,
  endingBehaviours,
  groupBehaviours,
  oldHandleBehaviours,
  visibilityBehaviours,
} from "./queue-suite-deliveries.js";
import {
  toTools,
  type QueueCapabilities,
  type QueueFixture,
  type QueueSuiteParts,
} from "./queue-suite-tools.js";

/** What the suite runs with. */
export interface QueueSuiteOptions {
  /** The `test` of any runner: vitest, node:test, jest. */
  readonly test: (name: string, body: () => Promise<void>) => unknown;
  /** Makes what one test runs on: a queue that nobody else uses. */
  readonly factory: () => Promise<QueueFixture>;
  readonly capabilities: QueueCapabilities;
}

/**
 * Conformance of a `MessageQueue`. It asks only for what SQS documents and what the consumer
 * relies on. Times are whole seconds, the smallest SQS knows.
 *
 * @example
 * ```ts
 * queueSuite({ test, factory: openQueue, capabilities: { fifo: true, maxReceiveCount: 3 } });
 * ```
 */
export function queueSuite({ test, factory, capabilities }: QueueSuiteOptions): void {
  const { fifo, oldHandlesAct = false } = capabilities;
  const parts: QueueSuiteParts = {
    capabilities: { ...capabilities, oldHandlesAct },
    behaviour(name, body) {
      test(name, async () => {
        const fixture = await factory();
        try {
          await body(toTools(fixture, fifo));
        } finally {
          await fixture.close?.();
        }
      });
    },
  };

  test("the factory makes queues that don't see each other's messages", async () => {
    const [one, two] = [await factory(), await factory()];
    await toTools(one, fifo).send("a");
    assert.deepEqual(await toTools(two, fifo).receive(), []);
    await one.close?.();
    await two.close?.();
  });
  deliveryBehaviours(parts);
  visibilityBehaviours(parts);
  endingBehaviours(parts);
  if (!oldHandlesAct) oldHandleBehaviours(parts);
  deadLetterBehaviours(parts);
  if (!fifo) return;
  groupBehaviours(parts);
  groupDeadLetterBehaviours(parts);
}
