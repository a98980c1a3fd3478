import type { TripwireCounters } from "@exactly-once/core/ports";
import type { KeySpace } from "./keys.js";
import type { CommandPipelines } from "./transport/command-pipelines.js";
import { decodeReserve } from "./replies.js";
import type { Scripts } from "./scripts.js";

/** Reservations and sliding-window counts that all replicas share. Each ends by itself. */
export function redisTripwire(
  commands: CommandPipelines,
  scripts: Scripts,
  keys: KeySpace,
): TripwireCounters {
  return {
    reserve: ({ digest, holder, fence, windowMs }) => {
      const args = [holder, fence, Math.ceil(windowMs)];
      const script = scripts.reserve;
      return commands.run({ script, keys: [keys.reservation(digest)], args }, decodeReserve);
    },
    free: async ({ digest, holder, fence }) => {
      const script = scripts.free;
      await commands.run(
        { script, keys: [keys.reservation(digest)], args: [holder, fence] },
        Number,
      );
    },
    count: ({ counter, member, windowMs }) => {
      const args = [member, Math.ceil(windowMs)];
      const script = scripts.count;
      return commands.run({ script, keys: [keys.counter(counter)], args }, Number);
    },
  };
}
