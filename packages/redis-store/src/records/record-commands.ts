import type { ItemReply } from "@exactly-once/core/ports";
import { argumentsOf, type NamedArguments } from "../format/named.js";
import type { KeySpace } from "../keys.js";
import type { RecordScript, Scripts } from "../scripts.js";
import type { Command } from "../transport/calls.js";
import type { CommandPipelines } from "../transport/command-pipelines.js";

export interface RecordPlaces {
  readonly commands: CommandPipelines;
  readonly scripts: Scripts;
  readonly keys: KeySpace;
}

type ReadReply<Reply> = (key: string, reply: unknown) => Reply;

/** Commands about one record each. What is asked for in one turn shares round trips. */
export interface RecordCommands {
  run<Name extends RecordScript, Reply>(
    name: Name,
    key: string,
    args: NamedArguments<Name>,
    read: ReadReply<Reply>,
  ): Promise<Reply>;
  /** One of a batch: what it fails by keeps no other from its reply. */
  answer<Name extends RecordScript, Reply>(
    name: Name,
    key: string,
    args: NamedArguments<Name>,
    read: ReadReply<Reply>,
  ): Promise<ItemReply<Reply>>;
}

export function recordCommands({ commands, scripts, keys }: RecordPlaces): RecordCommands {
  function commandAbout<Name extends RecordScript>(
    name: Name,
    key: string,
    args: NamedArguments<Name>,
  ): Command {
    const script = scripts[name];
    const replicated = name === "begin";
    return { script, key, keys: keys.locate(key), args: argumentsOf(name, args), replicated };
  }
  return {
    run: (name, key, args, read) =>
      commands.run(commandAbout(name, key, args), (reply) => read(key, reply)),
    answer: (name, key, args, read) =>
      commands.answer(commandAbout(name, key, args), (reply) => read(key, reply)),
  };
}
