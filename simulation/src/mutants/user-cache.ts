import { core, mutant, type Mutant } from "./mutant.js";

/** Bugs of the user cache. */
export const USER_CACHE_MUTANTS: readonly Mutant[] = [
  mutant("half-snapshot-served", "A walk that ends in the middle is taken for the whole pool.", [
    core(
      "user-cache/walk-pool.ts",
      'throw new Error("the source ended although its last page named a next one");',
      'return { status: "complete" };',
    ),
  ]),
  mutant("half-load-served", "A shared snapshot that goes away while it is read is served.", [
    core(
      "user-cache/load-snapshot.ts",
      'if (chunks === undefined) return { status: "gone" };',
      "if (chunks === undefined) break;",
    ),
    core("user-cache/load-snapshot.ts", "if (packed.entries !== entries) {", "if (entries < 0) {"),
  ]),
  mutant("rebuild-beside-another", "A replica walks although another holds the rebuild lease.", [
    core("user-cache/refresher.ts", "return pauseFor(retryInMs);", "return rebuild();"),
  ]),
  mutant("publish-after-lease", "A rebuild is published although its lease went to another.", [
    core(
      "user-cache/memory-shared-snapshot.ts",
      'const name = nameOf(lease);\n      if (!isLive(lease)) return "lost";\n      const written',
      "const name = nameOf(lease);\n      const written",
    ),
  ]),
  mutant("lookup-waits-for-rebuild", "A lookup waits until a rebuild has ended.", [
    core(
      "user-cache/user-cache.ts",
      "if (leftMs <= 0 || signal?.aborted === true) return defer();\n      await swapped.wait(leftMs, signal);",
      "await swapped.wait(DAY_MS, signal);",
    ),
  ]),
  mutant(
    "failed-search-is-absent",
    "A directory that can't be asked counts as one without the user.",
    [
      core(
        "user-cache/found-users.ts",
        'observe({ type: "findFailed", error });\n      return undefined;',
        'observe({ type: "findFailed", error });\n      return { users: [], asOf };',
      ),
    ],
  ),
  mutant("absent-from-old-snapshot", "Who came after the walk counts as absent.", [
    core(
      "user-cache/user-cache.ts",
      "if (snapshot === undefined || snapshot.asOf < need.freshAfter) return undefined;",
      "if (snapshot === undefined) return undefined;",
    ),
  ]),
];
