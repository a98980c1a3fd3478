import calculateSlot from "cluster-key-slot";
import type { Argument } from "../format/named.js";
import type { Script } from "../scripts.js";
import { wellFormedJson } from "../well-formed-json.js";

/** What is asked for about one item, or of a script that takes only one. */
export interface Command {
  readonly script: Script;
  /** The item's own, and others that have to be in its slot. */
  readonly keys: readonly string[];
  readonly args: readonly Argument[];
  /** What it is about, where that can be unreadable by itself: a key's digest, or a name in Redis. */
  readonly key?: string;
  /** Not to be answered before enough replicas have it. */
  readonly replicated?: boolean;
}

/** One call of a script, for one or many commands. */
export interface Call {
  readonly script: Script;
  readonly keys: readonly string[];
  readonly args: readonly (string | number)[];
  readonly replicated: boolean;
  /** Where its commands stand among all. */
  readonly places: readonly number[];
}

/** Commands that share a call. */
interface Group {
  readonly script: Script;
  readonly commands: Command[];
  readonly places: number[];
}

/** A script keeps Redis from everyone else: so many take about half a millisecond. */
const MAX_ITEMS = 48;

/**
 * Commands of one script as one call, on a cluster those of one slot: starting a script, in Redis as
 * in the client, costs more than an item does.
 */
export function callsOf(commands: readonly Command[], bySlot: boolean): readonly Call[] {
  const groups: Group[] = [];
  const open = new Map<Script | string, Group>();
  commands.forEach((command, place) => {
    const { script, keys } = command;
    const name = bySlot ? `${script.name} ${calculateSlot(keys[0] ?? "")}` : script;
    let group = open.get(name);
    if (!group || !script.takesMany || group.places.length === MAX_ITEMS) {
      group = { script, commands: [], places: [] };
      groups.push(group);
      open.set(name, group);
    }
    group.commands.push(command);
    group.places.push(place);
  });
  return groups.map((group) => callOf(group, bySlot));
}

function callOf({ script, commands, places }: Group, bySlot: boolean): Call {
  const replicated = commands[0]?.replicated === true;
  if (!script.takesMany) {
    const { keys = [], args = [] } = commands[0] ?? {};
    return { script, keys, args: args.map(String), replicated, places };
  }
  const keys = commands.map((command) => command.keys[0] ?? "");
  // A slot that moves is told by all the keys that a script touches.
  if (bySlot) keys.push(...new Set(commands.flatMap((command) => command.keys.slice(1))));
  return { script, keys, args: [jsonOf(commands)], replicated, places };
}

/**
 * One argument for all. The client builds a request from small strings, several an argument: making,
 * joining and sending those took half of its time in a profile, and takes a quarter so.
 */
function jsonOf(commands: readonly Command[]): string {
  return wellFormedJson(commands.map(({ args }) => args));
}
