import type { ReconcileProgress } from "@exactly-once/core/ports";
import type { KeySpace } from "./keys.js";
import type { CommandPipelines } from "./transport/command-pipelines.js";
import type { Scripts } from "./scripts.js";

/** How far the provider's events were processed, shared by the replicas: one mark a namespace. */
export function redisReconcileProgress(
  commands: CommandPipelines,
  scripts: Scripts,
  keys: KeySpace,
): ReconcileProgress {
  return {
    advance: async (namespace, acceptedAt) => {
      const args = [Math.floor(acceptedAt)];
      await commands.run(
        { script: scripts.advance, keys: [keys.progress(namespace)], args },
        Number,
      );
    },
    read: (namespace) => {
      const command = { script: scripts.mark, keys: [keys.progress(namespace)], args: [] };
      return commands.run(command, (reply) =>
        typeof reply === "string" ? Number(reply) : undefined,
      );
    },
  };
}
