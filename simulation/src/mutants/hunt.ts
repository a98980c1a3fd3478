import Table from "cli-table3";
import { runFleet } from "../seeds/fleet.js";
import { MUTANTS } from "./list.js";
import type { Mutant } from "./mutant.js";
import { applyPatches } from "./patch.js";

export interface Hunted {
  readonly name: string;
  readonly bug: string;
  readonly within: number;
  /** The first seed that breaks a promise; absent where none did. */
  readonly killedBy?: { readonly seed: number; readonly oracle: string; readonly text: string };
}

export interface HuntReport {
  readonly mutants: readonly Hunted[];
  readonly survivors: number;
}

/** What became of a mutant whose killing seed was recorded. */
export type Fate =
  | { readonly end: "killed" }
  /** Innocent changes of the code under test move seeds: another one kills it now. */
  | { readonly end: "moved"; readonly seed: number }
  | { readonly end: "survived" };

/** Tries the recorded seed first, and hunts within the mutant's bound only where it kills no more. */
export async function fateOf(mutant: Mutant, recorded: number, workers: number): Promise<Fate> {
  const { within, patches } = mutant;
  const changed = applyPatches(patches);
  const once = { count: 1, workers: 1, repeatEvery: 0, changed };
  if (recorded <= within) {
    const { failures } = await runFleet({ ...once, first: recorded });
    if (failures.length > 0) return { end: "killed" };
  }
  const { killedBy } = await hunt(mutant, workers);
  return killedBy ? { end: "moved", seed: killedBy.seed } : { end: "survived" };
}

/**
 * Runs the standard mix against each mutant until a promise breaks.
 *
 * @param only those with this in their names
 */
export async function huntMutants(workers: number, only = ""): Promise<HuntReport> {
  const mutants: Hunted[] = [];
  for (const mutant of MUTANTS.filter(({ name }) => name.includes(only))) {
    const hunted = await hunt(mutant, workers).catch((error: unknown): Hunted => {
      console.error(`${mutant.name}: ${String(error)}`);
      return { name: mutant.name, bug: mutant.bug, within: mutant.within };
    });
    mutants.push(hunted);
    const { killedBy } = hunted;
    console.log(`${killedBy ? `killed by ${killedBy.seed}` : "SURVIVED"}  ${mutant.name}`);
  }
  console.log(asTable(mutants));
  return { mutants, survivors: mutants.filter(({ killedBy }) => !killedBy).length };
}

export async function hunt(mutant: Mutant, workers: number): Promise<Hunted> {
  const { name, bug, within, patches } = mutant;
  const { failures } = await runFleet({
    first: 1,
    count: within,
    workers,
    repeatEvery: 0,
    changed: applyPatches(patches),
    untilFirst: true,
  });
  const [first] = failures;
  if (!first) return { name, bug, within };
  return {
    name,
    bug,
    within,
    killedBy: { seed: first.seed, oracle: first.oracle, text: first.text },
  };
}

function asTable(mutants: readonly Hunted[]): string {
  const table = new Table({
    head: ["planted bug", "first seed", "promise it broke"],
    style: { head: [], border: [], compact: true },
  });
  for (const { bug, killedBy } of mutants) {
    table.push([bug, killedBy?.seed ?? "SURVIVED", killedBy?.oracle ?? ""]);
  }
  return table.toString();
}
