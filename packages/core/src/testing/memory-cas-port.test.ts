import { describe, test } from "vitest";
import { casPortSuite } from "./cas-port-suite.js";
import { memoryCasPort } from "./memory-cas-port.js";
import { createVirtualClock } from "./virtual-clock.js";

describe.each(["caller", "store"] as const)(
  "the memory's port, on the %s's clock, conforms",
  (clockOf) => {
    casPortSuite({
      test,
      factory: async () => {
        const clock = createVirtualClock();
        const port = memoryCasPort({ clock, clockOf });
        return {
          port,
          another: async () => port,
          elapse: (ms) => clock.advance(ms),
          now: async () => clock.now(),
        };
      },
    });
  },
);
