import type { Clock, ControlFlags, ControlState, Pause } from "../ports/index.js";

/** Control flags of this process only. */
export function memoryControl(clock: Clock): ControlFlags {
  const namespaces = new Map<string, { namespace?: Pause; pipelines: Map<string, Pause> }>();

  function flagsOf(namespace: string): { namespace?: Pause; pipelines: Map<string, Pause> } {
    const known = namespaces.get(namespace) ?? { pipelines: new Map<string, Pause>() };
    namespaces.set(namespace, known);
    return known;
  }

  return {
    pause: async (namespace, pipeline, who, options) => {
      const pause = { by: who.by, why: who.why, at: clock.now() };
      const flags = flagsOf(namespace);
      const standing = pipeline === undefined ? flags.namespace : flags.pipelines.get(pipeline);
      if (standing && options?.unlessPaused) return;
      if (pipeline === undefined) flags.namespace = pause;
      else flags.pipelines.set(pipeline, pause);
    },
    resume: async (namespace, pipeline) => {
      const flags = flagsOf(namespace);
      if (pipeline === undefined) delete flags.namespace;
      else flags.pipelines.delete(pipeline);
    },
    status: async (namespace): Promise<ControlState> => {
      const flags = namespaces.get(namespace);
      return {
        ...(flags?.namespace ? { namespace: flags.namespace } : {}),
        pipelines: Object.fromEntries(flags?.pipelines ?? []),
      };
    },
  };
}
