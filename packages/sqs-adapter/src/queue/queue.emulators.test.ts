import { queueSuite } from "@exactly-once/core/testing";
import { afterAll, describe, test } from "vitest";

import { conformanceFixture } from "../fixtures/conformance.fixture.js";
import { openSqs } from "../fixtures/local-sqs.fixture.js";

/**
 * Other emulators have other habits. ElasticMQ 1.6 passes; moto 5 fails, since with it
 * a handle stays valid after the message was received again.
 */
const endpoint = process.env["EXACTLY_ONCE_SQS_ENDPOINT"];
const maxReceiveCount = 3;

if (endpoint === undefined) {
  test("conforms on another emulator", ({ skip }) => {
    skip("no other emulator: start ElasticMQ, set EXACTLY_ONCE_SQS_ENDPOINT=http://127.0.0.1:9324");
  });
} else {
  const sqs = openSqs(endpoint);
  afterAll(() => sqs.close());
  describe.each([{ fifo: false }, { fifo: true }])(
    `sqsQueue conforms on ${endpoint} (FIFO: $fifo)`,
    ({ fifo }) => {
      queueSuite({
        test: test.concurrent,
        factory: () => conformanceFixture(sqs, { fifo, maxReceiveCount }),
        capabilities: { fifo, maxReceiveCount },
      });
    },
  );
}
