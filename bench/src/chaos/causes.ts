import type { UnresolvedItem } from "@exactly-once/core/ports";
import { emailTags } from "@exactly-once/ses-adapter";
import type { LocalSes } from "@exactly-once/ses-adapter/testing";
import type { TraceLine } from "./trace.js";

/** How many of the unresolved there are of each kind. */
export interface Causes {
  readonly byState: Readonly<Record<string, number>>;
  /** Why nobody could say what became of the attempt. */
  readonly byCause: Readonly<Record<string, number>>;
  /** What SES knows: the proof that its events would bring. */
  readonly bySes: Readonly<Record<string, number>>;
}

/** Whose last word about an attempt was what, and what SES did with it. */
export function causesOf(
  items: readonly UnresolvedItem[],
  traces: readonly TraceLine[],
  ses: LocalSes,
): Causes {
  const told = new Map<string, TraceLine>();
  for (const line of traces) {
    const about = line.type === "attemptBegun" || line.type === "attemptSettled";
    if (about && line.attemptId !== undefined) told.set(line.attemptId, line);
  }
  const requests = new Map(
    ses.requests().map((request) => [request.tags[emailTags.attempt], request]),
  );
  const ids = items.map(({ attempt }) => attempt.attemptId);
  return {
    byState: tally(items.map(({ attempt }) => attempt.state)),
    byCause: tally(ids.map((id) => causeOf(told.get(id)))),
    bySes: tally(
      ids.map((id) => {
        const request = requests.get(id);
        if (!request) return "never asked";
        return request.carriedOut ? "accepted" : `refused: ${request.refusedWith ?? "no answer"}`;
      }),
    ),
  };
}

function causeOf(line: TraceLine | undefined): string {
  if (!line) return "killed before begin was answered";
  if (line.type === "attemptBegun") return "killed while sending";
  if (line.status === "unknown") return `no answer: ${line.reason ?? ""}`;
  return `killed before ${line.status ?? ""} was stored`;
}

function tally(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}
