import { describe, test } from "vitest";

import { sharedSnapshotSuite } from "../testing/shared-snapshot-suite.js";
import { createVirtualClock } from "../testing/virtual-clock.js";
import { memorySharedSnapshot } from "./memory-shared-snapshot.js";

describe("a shared snapshot in memory conforms", () => {
  sharedSnapshotSuite({
    test,
    factory: async ({ graceMs }) => {
      const clock = createVirtualClock();
      return { shared: memorySharedSnapshot({ clock, graceMs }), elapse: clock.advance };
    },
  });
});
