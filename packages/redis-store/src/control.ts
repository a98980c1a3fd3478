import type { ControlFlags, Pause } from "@exactly-once/core/ports";
import type { KeySpace } from "./keys.js";
import type { CommandPipelines } from "./transport/command-pipelines.js";
import type { Scripts } from "./scripts.js";

/** A pipeline's field begins with this; the namespace's own pause stands in `NAMESPACE`. */
const PIPELINE = "p:";
const NAMESPACE = "n";

/** Control flags that all replicas read: one hash a namespace. */
export function redisControl(
  commands: CommandPipelines,
  scripts: Scripts,
  keys: KeySpace,
): ControlFlags {
  const fieldOf = (pipeline: string | undefined) =>
    pipeline === undefined ? NAMESPACE : `${PIPELINE}${pipeline}`;

  return {
    pause: async (namespace, pipeline, { by, why }, options) => {
      const unlessPaused = options?.unlessPaused ? "1" : "0";
      const args = [fieldOf(pipeline), JSON.stringify({ by, why }), unlessPaused];
      await commands.run({ script: scripts.pause, keys: [keys.control(namespace)], args }, Number);
    },
    resume: async (namespace, pipeline) => {
      const args = [fieldOf(pipeline)];
      await commands.run({ script: scripts.resume, keys: [keys.control(namespace)], args }, Number);
    },
    status: async (namespace) => {
      const command = { script: scripts.status, keys: [keys.control(namespace)], args: [] };
      const flat = await commands.run(command, (reply) => reply as readonly string[]);
      const pipelines: [string, Pause][] = [];
      let whole: Pause | undefined;
      for (let i = 0; i + 1 < flat.length; i += 2) {
        const field = flat[i] ?? "";
        const pause = JSON.parse(flat[i + 1] ?? "null") as Pause;
        if (field === NAMESPACE) whole = pause;
        else pipelines.push([field.slice(PIPELINE.length), pause]);
      }
      return {
        ...(whole === undefined ? {} : { namespace: whole }),
        pipelines: Object.fromEntries(pipelines),
      };
    },
  };
}
