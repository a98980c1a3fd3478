import type { ControlFlags, Pause } from "../ports/index.js";
import { cellContent, cellJson } from "./cell-json.js";
import { cellName } from "./cell-name.js";
import type { Exchange } from "./exchange.js";
import type { PortCalls } from "./port-calls.js";
import type { StoreTime } from "./store-time.js";

/** The pauses of one namespace are one cell. */
interface Flags {
  readonly namespace?: Pause;
  /** `[pipeline, pause]` each: a pipeline may have any name. */
  readonly pipelines: readonly (readonly [string, Pause])[];
}

/** Control flags in cells: `control/<namespace>`. */
export function casControl(
  exchange: Exchange,
  calls: Pick<PortCalls, "read">,
  time: StoreTime,
): ControlFlags {
  /** @param changed answers the very same flags where nothing changes */
  async function change(namespace: string, changed: (flags: Flags) => Flags): Promise<void> {
    const name = cellName("control", namespace);
    await exchange.run(name, (cell) => {
      const before = cellContent<Flags>(name, cell) ?? { pipelines: [] };
      const after = changed(before);
      if (after === before) return { reply: undefined };
      return { reply: undefined, draft: { value: cellJson(after) } };
    });
  }

  return {
    pause: (namespace, pipeline, { by, why }, options) =>
      change(namespace, (flags) => {
        if (options?.unlessPaused && isPaused(flags, pipeline)) return flags;
        const pause = { by, why, at: time.now() };
        return pipeline === undefined
          ? { ...flags, namespace: pause }
          : { ...flags, pipelines: [...others(flags, pipeline), [pipeline, pause]] };
      }),
    resume: (namespace, pipeline) =>
      change(namespace, (flags) => {
        if (pipeline === undefined) return { pipelines: flags.pipelines };
        return { ...flags, pipelines: others(flags, pipeline) };
      }),
    status: async (namespace) => {
      const name = cellName("control", namespace);
      const flags = cellContent<Flags>(name, await calls.read(name));
      return {
        ...(flags?.namespace ? { namespace: flags.namespace } : {}),
        pipelines: Object.fromEntries(flags?.pipelines ?? []),
      };
    },
  };
}

function isPaused({ namespace, pipelines }: Flags, pipeline: string | undefined): boolean {
  if (pipeline === undefined) return namespace !== undefined;
  return pipelines.some(([name]) => name === pipeline);
}

function others({ pipelines }: Flags, pipeline: string): Flags["pipelines"] {
  return pipelines.filter(([name]) => name !== pipeline);
}
