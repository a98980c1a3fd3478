import { beforeEach } from "vitest";
import { seededChance } from "../bench/src/seeded-chance.js";

/**
 * Set up in each test file: chance is the same in every run, whatever ran before and beside it. A
 * back-off of the AWS SDK or of ours waits as long as the last time.
 */
beforeEach(({ task }) => {
  Math.random = seededChance(seedOf(task.fullName));
});

/** FNV-1a. */
function seedOf(name: string): number {
  let hash = 0x811c9dc5;
  for (const char of name) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193);
  return hash >>> 0;
}
