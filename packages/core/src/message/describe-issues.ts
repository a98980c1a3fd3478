import type { StandardSchemaV1 } from "@standard-schema/spec";

type Issue = StandardSchemaV1.Issue;

const MAX_ISSUES = 5;
const MAX_DEPTH = 10;
/** How names of fields and kinds of issues look. Whatever else stands in their place isn't shown. */
const NAME = /^[A-Za-z_$][A-Za-z0-9_$-]{0,59}$/;
/** Of a path that isn't a name of the schema. */
const CUT = "*";

/**
 * Where an event doesn't fit its schema, and of which kind each issue is: `email: invalid_format`.
 *
 * This goes to the dead-letter queue and into logs, so it bears nothing of the event. A validator's
 * message does: it quotes what it was given, raw or escaped. So does a path that leads through a
 * record, whose keys are data; those are cut.
 */
export async function describeIssues(
  schema: StandardSchemaV1,
  decoded: unknown,
  issues: readonly Issue[],
): Promise<string> {
  const shown = await Promise.all(
    issues.slice(0, MAX_ISSUES).map(async (issue) => {
      const path = await pathOf(schema, decoded, issue);
      return path === "" ? kindOf(issue) : `${path}: ${kindOf(issue)}`;
    }),
  );
  const more = issues.length > MAX_ISSUES ? ` (+${issues.length - MAX_ISSUES} more)` : "";
  return `The event doesn't fit the schema: ${shown.join("; ")}${more}`;
}

/** As zod (`code`, with `format` or `expected`), arktype (`code`) and valibot (`type`) name it. */
function kindOf(issue: Issue): string {
  const { code, type, format, expected } = issue as Issue &
    Readonly<Partial<Record<string, unknown>>>;
  const words = code === undefined ? [type] : [code, format ?? expected];
  const names = words.filter((word) => typeof word === "string" && NAME.test(word));
  return names.length === 0 ? "invalid" : names.join(" ");
}

async function pathOf(schema: StandardSchemaV1, decoded: unknown, issue: Issue): Promise<string> {
  const path = keysOf(issue).slice(0, MAX_DEPTH);
  let parent = decoded;
  const shown: string[] = [];
  for (const [depth, key] of path.entries()) {
    const isIndex = Array.isArray(parent) && typeof key === "number";
    shown.push(isIndex || (await isNameOf(schema, decoded, path, depth)) ? String(key) : CUT);
    parent = childOf(parent, key);
  }
  return shown.join(".");
}

function keysOf({ path = [] }: Issue): readonly PropertyKey[] {
  return path.map((segment) => (typeof segment === "object" ? segment.key : segment));
}

/**
 * Whether the key at this depth is a name of the schema's. Asked of the schema itself: where it says
 * something of a key of another name in the same place, too, it takes any, as a record does.
 */
async function isNameOf(
  schema: StandardSchemaV1,
  decoded: unknown,
  path: readonly PropertyKey[],
  depth: number,
): Promise<boolean> {
  const key = path[depth];
  if (typeof key !== "string" || !NAME.test(key)) return false;
  const parent = path.slice(0, depth).reduce(childOf, decoded);
  // The schema misses it, so it is the schema's.
  if (!isObject(parent) || !Object.hasOwn(parent, key)) return true;
  const other = otherKey(key);
  try {
    const { issues = [] } = await schema["~standard"].validate(
      renamed(decoded, path.slice(0, depth), key, other),
    );
    return !issues.some((issue) => {
      const keys = keysOf(issue);
      return keys[depth] === other && path.slice(0, depth).every((k, i) => k === keys[i]);
    });
  } catch {
    return false;
  }
}

/** Another one that looks alike, for a record that takes keys of one form only. */
function otherKey(key: string): string {
  const other = key.replace(/[a-z]/g, "q").replace(/[A-Z]/g, "Q").replace(/[0-9]/g, "0");
  return other === key ? `${other}q` : other;
}

/** A copy in which the object at the path has its key under another name. */
function renamed(
  value: unknown,
  path: readonly PropertyKey[],
  key: string,
  other: string,
): unknown {
  const [head, ...rest] = path;
  if (head !== undefined) {
    if (Array.isArray(value)) {
      return value.map((item: unknown, index) =>
        index === head ? renamed(item, rest, key, other) : item,
      );
    }
    if (!isObject(value)) return value;
    return { ...value, [head]: renamed(childOf(value, head), rest, key, other) };
  }
  if (!isObject(value)) return value;
  const entries = Object.entries(value).map(([name, item]) => [name === key ? other : name, item]);
  return Object.fromEntries(entries) as unknown;
}

function childOf(parent: unknown, key: PropertyKey): unknown {
  return isObject(parent) && Object.hasOwn(parent, key) ? parent[key] : undefined;
}

function isObject(value: unknown): value is Readonly<Record<PropertyKey, unknown>> {
  return typeof value === "object" && value !== null;
}
