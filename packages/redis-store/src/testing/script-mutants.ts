import type { ScriptSources } from "../scripts.js";

/** One planted bug: a textual change of one script, and the rule that it breaks. */
export interface ScriptMutant {
  readonly breaks: string;
  readonly script: keyof ScriptSources;
  /** Occurs exactly once. */
  readonly from: string;
  readonly to: string;
}

export const scriptMutants: readonly ScriptMutant[] = [
  {
    breaks: "a claim is its owner's",
    script: "record",
    from: "record.owner == owner and record.fence == fence\nend",
    to: "record.fence == fence\nend",
  },
  {
    breaks: "a claim is its fence's",
    script: "record",
    from: "record.owner == owner and record.fence == fence\nend",
    to: "record.owner == owner\nend",
  },
  {
    breaks: "the fence never falls",
    script: "claim",
    from: "before.fence + 1",
    to: "1",
  },
  {
    breaks: "a live lease keeps others out",
    script: "claim",
    from: "if isLive(record) then",
    to: "if false then",
  },
  {
    breaks: "other content is a conflict",
    script: "claim",
    from: "record.fingerprint ~= fingerprint then",
    to: "false then",
  },
  {
    breaks: "each sighting re-arms the retention",
    script: "claim",
    from: "redis.call('PEXPIRE', key, string.format('%.0f', math.ceil(retentionMs)))",
    to: "",
  },
  {
    breaks: "a dead-lettered message only finishes its dead-lettering",
    script: "claim",
    from: "record.dead.messageId == messageId",
    to: "false",
  },
  {
    breaks: "simulated receipts satisfy no live claim",
    script: "claim",
    from: "if simulated then return false end",
    to: "if true then return false end",
  },
  {
    breaks: "an expired sending becomes unknown, never free",
    script: "record",
    from: "if effect.state == 'sending' then effect.state = 'unknown' end",
    to: "if effect.state == 'sending' then effect.state = 'rejected' end",
  },
  {
    breaks: "an expired sending is seen as unknown",
    script: "record",
    from: "return itsOwn and isLive(record) and 'sending' or 'unknown'",
    to: "return 'sending'",
  },
  {
    breaks: "extending doesn't shorten the record's life",
    script: "extend",
    from: "save(record, record.leaseUntil + retentionMs)",
    to: "save(record, now + retentionMs)",
  },
  {
    breaks: "extending can't revive",
    script: "extend",
    from: " or not isLive(record)",
    to: "",
  },
  {
    breaks: "a lease is never shortened",
    script: "extend",
    from: "math.max(record.leaseUntil, now + leaseMs)",
    to: "now + leaseMs",
  },
  {
    breaks: "an own lease that is over can't begin",
    script: "begin",
    from: " or not isLive(record)",
    to: "",
  },
  {
    breaks: "only the identical attempt is a replay",
    script: "begin",
    from: "if isSameAttempt(effect, owner, fence, n) then return 'granted' end",
    to: "if effect.fence == fence then return 'granted' end",
  },
  {
    breaks: "what was given up can't begin late",
    script: "begin",
    from: "if effect.floorFence == fence and n <= effect.floor then return 'lost' end",
    to: "",
  },
  {
    breaks: "a record with an effect doesn't expire before it is done",
    script: "record",
    from: "if record.state ~= 'done' and #record.effects > 0 then return write(text) end",
    to: "",
  },
  {
    breaks: "content is bound at the first begin",
    script: "begin",
    from: "record.fingerprint = fingerprint\n",
    to: "",
  },
  {
    breaks: "accepted counts whoever brings it",
    script: "settle",
    from: "local sameOne = isSameAttempt(effect, owner, fence, n)",
    to: "local sameOne = isSameAttempt(effect, owner, fence, n)\n  if not holds(record, owner, fence) then return 'lost' end",
  },
  {
    breaks: "rejected clears only its own attempt",
    script: "settle",
    from: "local function settleRejected(record, effect)\n    if isSameAttempt(effect, owner, fence, n) then",
    to: "local function settleRejected(record, effect)\n    if effect then",
  },
  {
    breaks: "a begin that was given up is remembered",
    script: "settle",
    from: "if not effect then\n",
    to: "if not effect then\n      if true then return 'settled' end\n",
  },
  {
    breaks: "two receipts raise the duplicate",
    script: "settle",
    from: "receipt.id == known.id then",
    to: "true then",
  },
  {
    breaks: "unknown is noted by the live claim only",
    script: "settle",
    from: "if not holds(record, owner, fence) or not isLive(record) then return 'lost' end\n    if effect.state == 'unknown'",
    to: "if effect.state == 'unknown'",
  },
  {
    breaks: "nothing rejected completes by accident",
    script: "complete",
    from: "if effect.state ~= 'dropped' and",
    to: "if effect.state ~= 'dropped' and effect.state ~= 'rejected' and",
  },
  {
    breaks: "a stale claim can't complete",
    script: "complete",
    from: "if not holds(record, owner, fence) then return 'lost' end",
    to: "",
  },
  {
    breaks: "a stale claim can't release",
    script: "release",
    from: "record.owner ~= owner or record.fence ~= fence",
    to: "record.fence > fence + 9",
  },
  {
    breaks: "nothing is buried while it could still be accepted",
    script: "bury",
    from: "if tooEarly > now then return { 'tooEarly', num(tooEarly) } end",
    to: "",
  },
  {
    breaks: "burying makes the old claim stale",
    script: "bury",
    from: "(before and before.fence or 0) + 1",
    to: "before and before.fence or 1",
  },
  {
    breaks: "not sent can't be known before the signature is stale",
    script: "resolve",
    from: " or now < effect.staleAt",
    to: "",
  },
  {
    breaks: "a verdict is about the attempt it names",
    script: "resolve",
    from: "if not isSameAttempt(effect, owner, fence, n) then",
    to: "if not effect then",
  },
  {
    breaks: "what needs attention is listed",
    script: "record",
    from: "redis.call('ZADD', attention, num(deadline), member)",
    to: "local _ = member",
  },
  {
    breaks: "a first begin is its claim's owner's",
    script: "begin",
    from: "itsOwner ~= owner or ",
    to: "",
  },
  {
    breaks: "a first begin is its claim's fence's",
    script: "begin",
    from: "itsFence ~= fence or ",
    to: "",
  },
  {
    breaks: "an own lease that is over can't begin a first effect",
    script: "begin",
    from: " or leaseUntil <= now",
    to: "",
  },
  {
    breaks: "a first begin binds content",
    script: "begin",
    from: "owner, messageId, fingerprint, pipeline",
    to: "owner, messageId, bound, pipeline",
  },
  {
    breaks: "a first begin minds what an operator has bound",
    script: "begin",
    from: "if anEffect or few or bound then",
    to: "if anEffect or few then",
  },
  {
    breaks: "a first begin is a record's first",
    script: "begin",
    from: "if anEffect or few or bound then",
    to: "if few or bound then",
  },
  {
    breaks: "the usual receipt is for the attempt it names",
    script: "settle",
    from: " or itsN ~= n",
    to: "",
  },
  {
    breaks: "the usual receipt is for the effect it names",
    script: "settle",
    from: "itsName ~= name or ",
    to: "",
  },
  {
    breaks: "the usual receipt comes from the claim that holds",
    script: "settle",
    from: "if state ~= CLAIMED or itsOwner ~= owner or itsFence ~= fence then return nil end",
    to: "",
  },
  {
    breaks: "the usual receipt is the first",
    script: "settle",
    from: "itsState ~= SENDING",
    to: "false",
  },
  {
    breaks: "the usual receipt forgets no other effect",
    script: "settle",
    from: "if another or not effect then",
    to: "if not effect then",
  },
  {
    breaks: "the usual completion is the claim's that holds",
    script: "complete",
    from: "if state ~= CLAIMED or itsOwner ~= owner or itsFence ~= fence then return nil end",
    to: "",
  },
  {
    breaks: "the usual completion is of what was accepted",
    script: "complete",
    from: "if itsState ~= ACCEPTED then return nil end",
    to: "",
  },
  {
    breaks: "the usual completion forgets no other effect",
    script: "complete",
    from: "if another or few or not effect then",
    to: "if few or not effect then",
  },
  {
    breaks: "each of many is about its own record",
    script: "each",
    from: "key = KEYS[i]",
    to: "key = KEYS[1]",
  },
  {
    breaks: "a reservation is its holder's",
    script: "reserve",
    from: "if knownHolder ~= holder then return { 'taken', knownHolder } end",
    to: "",
  },
  {
    breaks: "a late copy frees nothing that was reserved again",
    script: "free",
    from: "and tonumber(knownFence) <= tonumber(fence) then",
    to: "then",
  },
];

/** The scripts with the bug. @throws when the patch no longer applies */
export function withMutant(sources: ScriptSources, mutant: ScriptMutant): ScriptSources {
  const source = sources[mutant.script];
  if (source.split(mutant.from).length !== 2) {
    throw new Error(
      `The patch "${mutant.breaks}" doesn't apply to ${mutant.script}.lua exactly once.`,
    );
  }
  return { ...sources, [mutant.script]: source.replace(mutant.from, () => mutant.to) };
}
