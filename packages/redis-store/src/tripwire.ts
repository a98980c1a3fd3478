import type { TripwireCounters } from "@exactly-once/core/ports";
import type { KeySpace } from "./keys.js";
import type { CommandPipelines } from "./transport/command-pipelines.js";
import { decodeReserve } from "./format/replies.js";
import { argumentsOf } from "./format/named.js";
import type { Script, Scripts } from "./scripts.js";
import type { Command } from "./transport/calls.js";

/** Reservations and sliding-window counts that all replicas share. Each ends by itself. */
export function redisTripwire(
  commands: CommandPipelines,
  scripts: Scripts,
  keys: KeySpace,
): TripwireCounters {
  return {
    reserve: ({ digest, holder, fence, windowMs }) => {
      const args = argumentsOf("reserve", { holder, fence, windowMs: Math.ceil(windowMs) });
      return commands.run(about(scripts.reserve, keys.reservation(digest), args), decodeReserve);
    },
    free: async ({ digest, holder, fence }) => {
      const args = argumentsOf("free", { holder, fence });
      await commands.run(about(scripts.free, keys.reservation(digest), args), Number);
    },
    count: ({ counter, member, windowMs }) => {
      const args = argumentsOf("count", { member, windowMs: Math.ceil(windowMs) });
      return commands.run(about(scripts.count, keys.counter(counter), args), Number);
    },
  };
}

function about(script: Script, key: string, args: Command["args"]): Command {
  return { script, key, keys: [key], args };
}
