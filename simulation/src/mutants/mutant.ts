import type { Patch } from "../bundle.js";

/** A planted bug, and within how many seeds of the standard mix it must be found. */
export interface Mutant {
  readonly name: string;
  /** What the bug is, in words. */
  readonly bug: string;
  readonly patches: readonly Patch[];
  readonly within: number;
}

export const core = (file: string, find: string, replace: string): Patch => ({
  file: `packages/core/src/${file}`,
  find,
  replace,
});

export const ses = (file: string, find: string, replace: string): Patch => ({
  file: `packages/ses-adapter/src/${file}`,
  find,
  replace,
});

const DEFAULT_WITHIN = 2_000;

export function mutant(
  name: string,
  bug: string,
  patches: readonly Patch[],
  within = DEFAULT_WITHIN,
): Mutant {
  return { name, bug, patches, within };
}
