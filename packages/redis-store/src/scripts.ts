import { createHash } from "node:crypto";
import advance from "./scripts/advance.lua";
import begin from "./scripts/begin.lua";
import bury from "./scripts/bury.lua";
import claim from "./scripts/claim.lua";
import complete from "./scripts/complete.lua";
import count from "./scripts/count.lua";
import extend from "./scripts/extend.lua";
import free from "./scripts/free.lua";
import hold from "./scripts/hold.lua";
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
  record,
  advance,
  begin,
  bury,
  claim,
  complete,
  count,
  extend,
  free,
  hold,
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
}

export type ScriptName = Exclude<keyof ScriptSources, "record">;

export type Scripts = Readonly<Record<ScriptName, Script>>;

const ABOUT_RECORDS: readonly ScriptName[] = [
  "begin",
  "bury",
  "claim",
  "complete",
  "extend",
  "hold",
  "read",
  "release",
  "resolve",
  "settle",
  "unresolved",
];

/** Redis scripts can't import one another, so each starts with a copy of what they share. */
export function assembleScripts(from: ScriptSources = sources): Scripts {
  const { record: shared, ...operations } = from;
  const scripts = Object.entries(operations).map(([key, source]) => {
    const name = key as ScriptName;
    const text = ABOUT_RECORDS.includes(name) ? `${shared}\n${source}` : source;
    return [name, { name, text, sha: createHash("sha1").update(text).digest("hex") }] as const;
  });
  return Object.fromEntries(scripts) as Scripts;
}
