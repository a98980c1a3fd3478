import { queueSuite } from "@exactly-once/core/testing";
import { afterAll, describe, test } from "vitest";

import { missingForSqs, startForeignSqs } from "../../../../scripts/foreign-sqs.mjs";
import { conformanceFixture } from "../fixtures/conformance.fixture.js";
import { openSqs } from "../fixtures/local-sqs.fixture.js";

/**
 * Emulators by other people, with other habits than fauxqs: both hand out several messages of a FIFO
 * group in one receive, as SQS does.
 */
const emulators = [
  { name: "elasticmq", oldHandlesAct: false },
  { name: "moto", oldHandlesAct: true },
] as const;
const maxReceiveCount = 3;

for (const { name, oldHandlesAct } of emulators) {
  const missing = missingForSqs(name);
  if (missing !== undefined) {
    test(`conforms on ${name}`, ({ skip }) => {
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
  describe.each([{ fifo: false }, { fifo: true }])(
    `sqsQueue conforms on ${name} (FIFO: $fifo)`,
    ({ fifo }) => {
      queueSuite({
        test: test.concurrent,
        factory: () => conformanceFixture(sqs, { fifo, maxReceiveCount }),
        capabilities: { fifo, maxReceiveCount, oldHandlesAct },
      });
    },
  );
}
