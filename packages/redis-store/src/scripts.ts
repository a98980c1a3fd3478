import { createHash } from "node:crypto";
import { luaKnowledge, withConstants } from "./format/lua-constants.js";
import advance from "./scripts/advance.lua";
import attend from "./scripts/attend.lua";
import attention from "./scripts/attention.lua";
import begin from "./scripts/begin.lua";
import block from "./scripts/block.lua";
import bury from "./scripts/bury.lua";
import claim from "./scripts/claim.lua";
import complete from "./scripts/complete.lua";
import count from "./scripts/count.lua";
import each from "./scripts/each.lua";
import extend from "./scripts/extend.lua";
import free from "./scripts/free.lua";
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

/** The sources by file name, without what they share. */
export const sources = {
  item,
  record,
  each,
  advance,
  attend,
  attention,
  begin,
  block,
  bury,
  claim,
  complete,
  count,
  extend,
  free,
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

const ABOUT_RECORDS = [
  "attend",
  "begin",
  "block",
  "bury",
  "claim",
  "complete",
  "extend",
  "read",
  "release",
  "resolve",
  "settle",
] as const;
/** Of a record, with what it needs to read and write it. */
export type RecordScript = (typeof ABOUT_RECORDS)[number];

const ABOUT_OTHERS: readonly ScriptName[] = ["attention", "count", "free", "reserve"];

/**
 * Redis scripts can't import one another, so each has a copy of what it uses of what they share: Redis makes
 * the functions anew for each call.
 */
export function assembleScripts(from: ScriptSources = sources): Scripts {
  const { item, record, each, ...operations } = from;
  const shared = luaKnowledge + record;
  const scripts = Object.entries(operations).map(([key, source]) => {
    const name = key as ScriptName;
    const isAboutRecords = ABOUT_RECORDS.some((about) => about === name);
    const takesMany = isAboutRecords || ABOUT_OTHERS.includes(name);
    const own = takesMany ? `${source}\n${each}` : source;
    const text = withConstants(
      [...(takesMany ? [item] : []), ...(isAboutRecords ? [usedOf(shared, own)] : []), own].join(
        "\n",
      ),
    );
    const sha = createHash("sha1").update(text).digest("hex");
    return [name, { name, text, sha, takesMany }] as const;
  });
  return Object.fromEntries(scripts) as Scripts;
}

/**
 * Of what scripts share, what `using` uses, and what that uses. Parts are what blank lines part, and a part
 * that defines nothing is always used.
 */
function usedOf(shared: string, using: string): string {
  const parts = shared.split(/\n\n+/);
  const used = parts.reduceRight<string[]>((after, part) => {
    const name = /^(?:local )?function (\w+)|^local (\w+) = /m.exec(part);
    const defined = name?.[1] ?? name?.[2];
    const isUsed =
      defined === undefined || new RegExp(`\\b${defined}\\b`).test(using + after.join("\n"));
    return isUsed ? [part, ...after] : after;
  }, []);
  return used.join("\n\n");
}
