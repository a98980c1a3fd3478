import { UnreadableRecordError } from "@exactly-once/core";
import type { UnreadableRecord, UnresolvedItem, UnresolvedPage } from "@exactly-once/core/ports";
import { decodeAttended, decodeAttention, type AttentionEntry } from "../format/replies.js";
import { argumentsOf } from "../format/named.js";
import { keyOfSuffix, type Bucket, type KeySpace } from "../keys.js";
import type { CommandPipelines } from "../transport/command-pipelines.js";
import type { Scripts } from "../scripts.js";

/** An entry of a bucket's attention index, with its place in the order of all. */
interface Place {
  readonly bucket: Bucket;
  readonly member: string;
  readonly deadline: number;
}

type Behind = Pick<Place, "deadline" | "member">;

const START: Behind = { deadline: -Infinity, member: "" };
/** The name under which an unreadable record stands in the index: no effect is called so. */
const UNREADABLE = "!";

/**
 * One page over all buckets, in the order of the attempts' deadlines. The indices only suggest: each of
 * the page's entries is looked at together with its record, and what isn't so any more is left out, so a
 * page may be short, or empty. The cursor is the place of the last entry, so that items settled meanwhile
 * skip nothing.
 *
 * A page costs a look at each bucket's index and at as many records as it lists, however much there is.
 */
export async function readUnresolved(
  commands: CommandPipelines,
  scripts: Scripts,
  { buckets }: KeySpace,
  cursor: string | undefined,
  pageSize: number,
): Promise<UnresolvedPage> {
  const walk: Walk = { commands, scripts };
  const places = await nextPlaces(walk, buckets, parseCursor(cursor), pageSize + 1);
  const shown = places.slice(0, pageSize);
  const looks = await Promise.all(shown.map((place) => lookAt(walk, place)));
  const last = shown.at(-1);
  return {
    items: looks.flatMap((look) => look?.item ?? []),
    unreadable: looks.flatMap((look) => look?.unreadable ?? []),
    ...(places.length > pageSize && last ? { next: formatCursor(last) } : {}),
  };
}

interface Walk {
  readonly commands: CommandPipelines;
  readonly scripts: Scripts;
}

/** The first `count` entries behind `after`, and maybe more. */
async function nextPlaces(
  { commands, scripts }: Walk,
  buckets: readonly Bucket[],
  after: Behind,
  count: number,
): Promise<readonly Place[]> {
  const found = new Map<Bucket, Place[]>(buckets.map((bucket) => [bucket, []]));
  // Twice a bucket's share, since no bucket has just its share.
  const limit = Math.ceil((2 * count) / buckets.length) + 1;

  async function readMore(bucket: Bucket, behind: Behind): Promise<boolean> {
    const args = argumentsOf("attention", {
      afterDeadline: scoreText(behind.deadline),
      afterMember: behind.member,
      limit,
    });
    const command = {
      script: scripts.attention,
      key: bucket.attention,
      keys: [bucket.attention],
      args,
    };
    const entries = await commands.run(command, decodeAttention);
    found.get(bucket)?.push(...entries.map((entry) => placeOf(bucket, entry)));
    return entries.length === limit;
  }

  const lastOf = (bucket: Bucket): Place | undefined => found.get(bucket)?.at(-1);
  const unfinished = new Set(buckets);
  for (let asked = buckets; ;) {
    await Promise.all(
      asked.map(async (bucket) => {
        if (!(await readMore(bucket, lastOf(bucket) ?? after))) unfinished.delete(bucket);
      }),
    );
    const all = [...found.values()].flat().sort(inOrder);
    // What an unfinished bucket still has comes behind its last entry.
    const horizons = [...unfinished].flatMap((bucket) => lastOf(bucket) ?? []);
    const [horizon] = horizons.sort(inOrder);
    const known = horizon === undefined ? all : all.slice(0, all.indexOf(horizon) + 1);
    if (horizon === undefined || known.length >= count) return known.slice(0, count);
    const end = all[count - 1];
    asked = [...unfinished].filter((bucket) => {
      const last = lastOf(bucket);
      return last === undefined || end === undefined || inOrder(last, end) <= 0;
    });
  }
}

interface Look {
  readonly item?: UnresolvedItem;
  readonly unreadable?: UnreadableRecord;
}

async function lookAt({ commands, scripts }: Walk, place: Place): Promise<Look | undefined> {
  const { bucket, member } = place;
  const space = member.indexOf(" ");
  const [name, suffix] = [member.slice(0, space), member.slice(space + 1)];
  const key = keyOfSuffix(suffix);
  const command = {
    script: scripts.attend,
    key,
    keys: [bucket.recordOf(suffix), bucket.attention],
    args: argumentsOf("attend", { name }),
  };
  try {
    const item = await commands.run(command, (reply) => decodeAttended(key, reply));
    return item && { item };
  } catch (error) {
    if (!(error instanceof UnreadableRecordError)) throw error;
    // Its effects are in the index as well: once is enough.
    return name === UNREADABLE ? { unreadable: { key, why: error.why } } : undefined;
  }
}

function placeOf(bucket: Bucket, { member, deadline }: AttentionEntry): Place {
  return { bucket, member, deadline: Number(deadline) };
}

/** As the index orders its members: by deadline, and bytewise among equals. */
function inOrder(a: Behind, b: Behind): number {
  return a.deadline - b.deadline || Buffer.compare(Buffer.from(a.member), Buffer.from(b.member));
}

function scoreText(deadline: number): string {
  return deadline === -Infinity ? "-inf" : String(deadline);
}

function formatCursor({ deadline, member }: Place): string {
  return `${deadline} ${member}`;
}

function parseCursor(cursor: string | undefined): Behind {
  if (cursor === undefined) return START;
  const space = cursor.indexOf(" ");
  return { deadline: Number(cursor.slice(0, space)), member: cursor.slice(space + 1) };
}
