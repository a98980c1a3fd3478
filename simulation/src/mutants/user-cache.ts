import { core, mutant, type Mutant } from "./mutant.js";

/** Bugs of the user cache. */
export const USER_CACHE_MUTANTS: readonly Mutant[] = [
  mutant("half-snapshot-served", "A walk that ends in the middle is taken for the whole pool.", [
    core(
      "walkPool",
      'throw new Error("the source ended although its last page named a next one");',
      'return { status: "complete" };',
    ),
  ]),
  mutant("half-load-served", "A shared snapshot that goes away while it is read is served.", [
    core(
      "loadSnapshot",
      'if (chunks === undefined) return { status: "gone" };',
      "if (chunks === undefined) break;",
    ),
    core("loadSnapshot", "if (packed.entries !== entries) {", "if (entries < 0) {"),
  ]),
  mutant("rebuild-beside-another", "A replica walks although another holds the rebuild lease.", [
    core(
      "#look",
      "this.#schedule.pauseFor(retryInMs); return undefined;",
      "return { lease: undefined };",
    ),
  ]),
  mutant("publish-after-lease", "A rebuild is published although its lease went to another.", [
    core(
      "publish",
      'const name = nameOf(lease); if (!isLive(lease)) return "lost"; const written',
      "const name = nameOf(lease); const written",
    ),
  ]),
  mutant("lookup-waits-for-rebuild", "A lookup waits until a rebuild has ended.", [
    core(
      "look",
      "if (leftMs <= 0 || signal?.aborted === true) { return this.#defer(refresher.estimateMs(need.freshAfter)); } await changed.wait(leftMs, signal);",
      "await changed.wait(86_400_000, signal);",
    ),
  ]),
  mutant(
    "failed-search-is-absent",
    "A directory that can't be asked counts as one without the user.",
    [
      core(
        "askSource",
        'observe({ type: "findFailed", error }); return undefined;',
        'observe({ type: "findFailed", error }); return { users: [], asOf };',
      ),
    ],
  ),
  mutant("absent-from-old-snapshot", "Who came after the walk counts as absent.", [
    core(
      "answer",
      "if (snapshot === undefined || snapshot.asOf < need.freshAfter) return undefined;",
      "if (snapshot === undefined) return undefined;",
    ),
  ]),
  mutant("listing-delay-ignored", "A walk begun right after the event tells who is absent.", [
    core("#needOf", "isAsked ? asOf + listingDelayMs : 0", "isAsked ? asOf : 0"),
  ]),
];
