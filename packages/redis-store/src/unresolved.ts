import type { UnresolvedPage } from "@exactly-once/core/ports";
import { SAMPLE_SUFFIX, type KeySpace } from "./keys.js";
import type { CommandPipelines } from "./transport/command-pipelines.js";
import { decodeUnresolved, type PlacedItem } from "./replies.js";
import type { Scripts } from "./scripts.js";

/**
 * One page over all buckets, in the order of the attempts' deadlines. Each bucket answers atomically
 * with its records; the cursor is the place of the last item, so that items settled meanwhile skip
 * nothing.
 */
export async function readUnresolved(
  commands: CommandPipelines,
  scripts: Scripts,
  { buckets }: KeySpace,
  cursor: string | undefined,
  pageSize: number,
): Promise<UnresolvedPage> {
  const [deadline, member] = parseCursor(cursor);
  const pages = await Promise.all(
    buckets.map(({ sample, attention }) => {
      const args = [SAMPLE_SUFFIX, deadline, member, pageSize + 1];
      const script = scripts.unresolved;
      return commands.run({ script, keys: [sample, attention], args }, decodeUnresolved);
    }),
  );
  const sorted = pages.flat().sort(inOrder);
  const shown = sorted.slice(0, pageSize);
  const last = shown.at(-1);
  return {
    items: shown.map(({ item }) => item),
    unreadable: [],
    ...(sorted.length > pageSize && last ? { next: formatCursor(last) } : {}),
  };
}

/** As the index orders its members: by deadline, and bytewise among equals. */
function inOrder(a: PlacedItem, b: PlacedItem): number {
  const byDeadline = a.item.attempt.deadline - b.item.attempt.deadline;
  return byDeadline || Buffer.compare(Buffer.from(a.member), Buffer.from(b.member));
}

function formatCursor({ item, member }: PlacedItem): string {
  return `${item.attempt.deadline} ${member}`;
}

function parseCursor(cursor: string | undefined): [deadline: string, member: string] {
  if (cursor === undefined) return ["-inf", ""];
  const space = cursor.indexOf(" ");
  return [cursor.slice(0, space), cursor.slice(space + 1)];
}
