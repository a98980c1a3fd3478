import type { Patch } from "./patch.js";

/** A planted bug, and within how many seeds of the standard mix it must be found. */
export interface Mutant {
  readonly name: string;
  /** What the bug is, in words. */
  readonly bug: string;
  readonly patches: readonly Patch[];
  readonly within: number;
}

export const core = (within: string, find: string, replace: string): Patch => ({
  sources: "packages/core/src",
  within,
  find,
  replace,
});

export const ses = (within: string, find: string, replace: string): Patch => ({
  sources: "packages/ses-adapter/src",
  within,
  find,
  replace,
});

export const notify = (within: string, find: string, replace: string): Patch => ({
  sources: "packages/notify-adapter/src",
  within,
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
