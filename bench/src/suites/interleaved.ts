/**
 * Measures every contender once, then every one again, and so on: what else the machine does
 * meanwhile then falls on all of them alike. Each round begins with another one, since whoever
 * comes first finds a machine that has rested.
 */
export async function interleaved<Name extends string, Result>(
  names: readonly Name[],
  runs: number,
  measure: (name: Name, run: number) => Promise<Result>,
): Promise<ReadonlyMap<Name, readonly Result[]>> {
  const results = new Map<Name, Result[]>(names.map((name) => [name, []]));
  for (let run = 1; run <= runs; run += 1) {
    for (const name of rotated(names, run - 1)) results.get(name)?.push(await measure(name, run));
  }
  return results;
}

function rotated<Item>(items: readonly Item[], by: number): readonly Item[] {
  const from = by % items.length;
  return [...items.slice(from), ...items.slice(0, from)];
}
