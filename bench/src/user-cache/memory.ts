import { startChild } from "./child.js";
import type { Contender, MemoryMessage } from "./memory-process.js";
import type { Row } from "../rows.js";
import { row } from "./rows.js";

const CONTENDERS: readonly Contender[] = ["fieldsCodec", "jsonCodec", "Map of objects"];

/** Memory per user, still and during a rebuild, each measurement in a fresh process. */
export async function memory(options: {
  readonly users: number;
  readonly runs: number;
}): Promise<Row[]> {
  const taken = new Map<Contender, MemoryMessage[]>(CONTENDERS.map((name) => [name, []]));
  for (let run = 0; run < options.runs; run += 1) {
    for (const contender of CONTENDERS) {
      const input = { contender, users: options.users };
      const child = startChild<MemoryMessage>("./memory-process.ts", input);
      taken.get(contender)?.push(await child.first());
      await child.kill();
    }
  }
  const metrics = [
    ["memory per user", "B", (one: MemoryMessage) => one.steadyBytes],
    ["memory per user, most during a rebuild", "B", (one: MemoryMessage) => one.rebuildBytes],
    ["resident memory per user", "B", (one: MemoryMessage) => one.steadyRssBytes],
    ["resident memory per user, most", "B", (one: MemoryMessage) => one.rebuildRssBytes],
    ["lookup", "ns", (one: MemoryMessage) => one.lookupNs],
  ] as const;
  return [...taken].flatMap(([contender, all]) =>
    metrics.map(([metric, unit, figure]) =>
      row({ case: `${options.users} users`, contender }, metric, unit, all.map(figure)),
    ),
  );
}
