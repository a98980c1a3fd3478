import { createHash } from "node:crypto";
import advance from "./scripts/advance.lua";
import begin from "./scripts/begin.lua";
import bury from "./scripts/bury.lua";
import claim from "./scripts/claim.lua";
import complete from "./scripts/complete.lua";
import count from "./scripts/count.lua";
import each from "./scripts/each.lua";
import extend from "./scripts/extend.lua";
import free from "./scripts/free.lua";
import block from "./scripts/block.lua";
import item from "./scripts/item.lua";
import mark from "./scripts/mark.lua";
import pause from "./scripts/pause.lua";
import ping from "./scripts/ping.lua";
import read from "./scripts/read.lua";
import record from "./scripts/record.lua";
import release from "./scripts/release.lua";
import reserve from "./scripts/reserve.lua";
import resolve from "./scripts/resolve.lua";
import resume from "./scripts/resume.lua";
import settle from "./scripts/settle.lua";
import status from "./scripts/status.lua";
import unresolved from "./scripts/unresolved.lua";

/** The sources by file name, without what they share. */
export const sources = {
  item,
  record,
  each,
  advance,
  begin,
  bury,
  claim,
  complete,
  count,
  extend,
  free,
  block,
  mark,
  pause,
  ping,
  read,
  release,
  reserve,
  resolve,
  resume,
  settle,
  status,
  unresolved,
};

export type ScriptSources = Readonly<Record<keyof typeof sources, string>>;

export interface Script {
  readonly name: ScriptName;
  readonly text: string;
  /** The name under which Redis caches it. */
  readonly sha: string;
  /** One call takes many items: their arguments as one JSON text, and it answers a list. */
  readonly takesMany: boolean;
}

export type ScriptName = Exclude<keyof ScriptSources, "item" | "record" | "each">;

export type Scripts = Readonly<Record<ScriptName, Script>>;

const ABOUT_RECORDS: ReadonlySet<string> = new Set<ScriptName>([
  "begin",
  "bury",
  "claim",
  "complete",
  "extend",
  "block",
  "read",
  "release",
  "resolve",
  "settle",
  "unresolved",
]);

const ABOUT_MANY: ReadonlySet<string> = new Set<ScriptName>(["count", "free", "reserve"]);

/** Redis scripts can't import one another, so each has a copy of what they share. */
export function assembleScripts(from: ScriptSources = sources): Scripts {
  const { item, record, each, ...operations } = from;
  const scripts = Object.entries(operations).map(([key, source]) => {
    const name = key as ScriptName;
    const isAboutRecords = ABOUT_RECORDS.has(name);
    // A page of a bucket is long enough by itself.
    const takesMany = name !== "unresolved" && (isAboutRecords || ABOUT_MANY.has(name));
    const text = [
      ...(isAboutRecords || takesMany ? [item] : []),
      ...(isAboutRecords ? [record] : []),
      source,
      ...(takesMany ? [each] : []),
    ].join("\n");
    const sha = createHash("sha1").update(text).digest("hex");
    return [name, { name, text, sha, takesMany }] as const;
  });
  return Object.fromEntries(scripts) as Scripts;
}
