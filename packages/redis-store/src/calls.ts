import calculateSlot from "cluster-key-slot";
import type { Script } from "./scripts.js";

/** What is asked for about one item. */
export interface Command {
  readonly script: Script;
  /** In one slot. */
  readonly keys: readonly string[];
  /** As many for each command of a script that takes many. */
  readonly args: readonly (string | number)[];
  /** Not to be answered before enough replicas have it. */
  readonly replicated?: boolean;
}

/** One call of a script, for one or many commands. */
export interface Call {
  readonly script: Script;
  readonly keys: string[];
  readonly args: (string | number)[];
  readonly replicated: boolean;
  /** Where its commands stand among all. */
  readonly places: number[];
}

/** A script keeps Redis from everyone else: so many take less than half a millisecond. */
const MAX_ITEMS = 32;

/**
 * Commands of one script as one call, in a cluster those of one slot: starting a script, in Redis as
 * in the client, costs more than an item does.
 */
export function callsOf(commands: readonly Command[], bySlot: boolean): readonly Call[] {
  const calls: Call[] = [];
  const open = new Map<Script | string, Call>();
  commands.forEach((command, place) => {
    const { script, keys, args, replicated = false } = command;
    const name = bySlot ? `${script.name} ${calculateSlot(keys[0] ?? "")}` : script;
    let call = open.get(name);
    if (!call || !script.takesMany || call.places.length === MAX_ITEMS) {
      call = { script, keys: [], args: script.takesMany ? [0] : [], replicated, places: [] };
      calls.push(call);
      open.set(name, call);
    }
    call.places.push(place);
    call.keys.push(...keys);
    call.args.push(...args);
    if (script.takesMany) call.args[0] = call.places.length;
  });
  return calls;
}
