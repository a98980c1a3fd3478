import { queueSuite } from "@exactly-once/core/testing";
import { afterAll, beforeAll, describe, test } from "vitest";

import { standingClock } from "../../../../scripts/test-time.js";
import { conformanceFixture } from "../fixtures/conformance.fixture.js";
import { startLocalSqs, type LocalSqs } from "../fixtures/local-sqs.fixture.js";

const maxReceiveCount = 3;
/** The emulator's own, since it runs in this process. */
const clock = standingClock();

describe.each([
  { fifo: false, tuned: false },
  { fifo: true, tuned: false },
  { fifo: true, tuned: true },
])("sqsQueue conforms (FIFO: $fifo, tuned client: $tuned)", ({ fifo, tuned }) => {
  let sqs: LocalSqs;
  beforeAll(async () => {
    sqs = await startLocalSqs();
  });
  afterAll(() => sqs.close());

  queueSuite({
    test,
    factory: () => conformanceFixture(sqs, { fifo, maxReceiveCount, tuned, ...clock }),
    capabilities: { fifo, maxReceiveCount },
  });
});
