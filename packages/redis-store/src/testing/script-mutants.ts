import type { ScriptSources } from "../scripts.js";

/** One planted bug: a change of one script, and the rule that it breaks. */
export interface ScriptMutant {
  readonly breaks: string;
  readonly script: keyof ScriptSources;
  /** The function; the whole script where it is absent. */
  readonly within?: string;
  /** Occurs exactly once there. White space and comments don't count. */
  readonly from: string;
  readonly to: string;
}

export const scriptMutants: readonly ScriptMutant[] = [
  {
    breaks: "a claim is its owner's",
    script: "record",
    within: "holds",
    from: "record.owner == owner and record.fence == fence end",
    to: "record.fence == fence end",
  },
  {
    breaks: "a claim is its fence's",
    script: "record",
    within: "holds",
    from: "record.owner == owner and record.fence == fence end",
    to: "record.owner == owner end",
  },
  {
    breaks: "the fence never falls",
    script: "claim",
    within: "grant",
    from: "before.fence + 1",
    to: "1",
  },
  {
    breaks: "a live lease keeps others out",
    script: "claim",
    within: "operate",
    from: "if isLive(record) then",
    to: "if false then",
  },
  {
    breaks: "other content is a conflict",
    script: "claim",
    within: "operate",
    from: "record.fingerprint ~= fingerprint then",
    to: "false then",
  },
  {
    breaks: "each sighting re-arms the retention",
    script: "claim",
    within: "operate",
    from: "redis.call('PEXPIRE', key, string.format('%.0f', math.ceil(retentionMs)))",
    to: "",
  },
  {
    breaks: "a dead-lettered message only finishes its dead-lettering",
    script: "claim",
    within: "operate",
    from: "record.dead.messageId == messageId",
    to: "false",
  },
  {
    breaks: "simulated receipts satisfy no live claim",
    script: "claim",
    within: "mustRedoLive",
    from: "if simulated then return false end",
    to: "if true then return false end",
  },
  {
    breaks: "an expired sending becomes unknown, never free",
    script: "record",
    within: "sendingToUnknown",
    from: "if effect.state == 'sending' then effect.state = 'unknown' end",
    to: "if effect.state == 'sending' then effect.state = 'rejected' end",
  },
  {
    breaks: "an expired sending is seen as unknown",
    script: "record",
    within: "seenState",
    from: "return itsOwn and isLive(record) and 'sending' or 'unknown'",
    to: "return 'sending'",
  },
  {
    breaks: "extending doesn't shorten the record's life",
    script: "extend",
    within: "operate",
    from: "save(record, record.leaseUntil + retentionMs)",
    to: "save(record, now + retentionMs)",
  },
  {
    breaks: "extending can't revive",
    script: "extend",
    within: "operate",
    from: "or not isLive(record)",
    to: "",
  },
  {
    breaks: "a lease is never shortened",
    script: "extend",
    within: "operate",
    from: "math.max(record.leaseUntil, now + leaseMs)",
    to: "now + leaseMs",
  },
  {
    breaks: "an own lease that is over can't begin",
    script: "begin",
    within: "operate",
    from: "or not isLive(record)",
    to: "",
  },
  {
    breaks: "only the identical attempt is a replay",
    script: "begin",
    within: "operate",
    from: "if isSameAttempt(effect, owner, fence, attemptNumber) then return 'granted' end",
    to: "if effect.fence == fence then return 'granted' end",
  },
  {
    breaks: "what was given up can't begin late",
    script: "begin",
    within: "operate",
    from: "if effect.floorFence == fence and attemptNumber <= effect.floor then return 'lost' end",
    to: "",
  },
  {
    breaks: "a record with an effect doesn't expire before it is done",
    script: "record",
    within: "save",
    from: "if record.state ~= 'done' and #record.effects > 0 then return write(text) end",
    to: "",
  },
  {
    breaks: "content is bound at the first begin",
    script: "begin",
    within: "operate",
    from: "record.fingerprint = fingerprint",
    to: "",
  },
  {
    breaks: "accepted counts whoever brings it",
    script: "settle",
    within: "settleAccepted",
    from: "local sameOne = isSameAttempt(effect, owner, fence, attemptNumber)",
    to: "local sameOne = isSameAttempt(effect, owner, fence, attemptNumber) if not holds(record, owner, fence) then return 'lost' end",
  },
  {
    breaks: "rejected clears only its own attempt",
    script: "settle",
    within: "settleRejected",
    from: "if isSameAttempt(effect, owner, fence, attemptNumber) then",
    to: "if effect then",
  },
  {
    breaks: "a begin that was given up is remembered",
    script: "settle",
    within: "settleRejected",
    from: "if isSameAttempt(effect, owner, fence, attemptNumber) then",
    to: "if effect then",
  },
  {
    breaks: "two receipts raise the duplicate",
    script: "settle",
    within: "anotherReceipt",
    from: "receipt.id == known.id then",
    to: "true then",
  },
  {
    breaks: "unknown is noted by the live claim only",
    script: "settle",
    within: "settleUnknown",
    from: "if not holds(record, owner, fence) or not isLive(record) then return 'lost' end if effect.state == 'unknown'",
    to: "if effect.state == 'unknown'",
  },
  {
    breaks: "nothing rejected completes by accident",
    script: "complete",
    within: "operate",
    from: "if effect.state ~= 'dropped' and",
    to: "if effect.state ~= 'dropped' and effect.state ~= 'rejected' and",
  },
  {
    breaks: "a stale claim can't complete",
    script: "complete",
    within: "operate",
    from: "if not holds(record, owner, fence) then return 'lost' end",
    to: "",
  },
  {
    breaks: "a stale claim can't release",
    script: "release",
    within: "operate",
    from: "record.owner ~= owner or record.fence ~= fence",
    to: "record.fence > fence + 9",
  },
  {
    breaks: "nothing is buried while it could still be accepted",
    script: "bury",
    within: "operate",
    from: "if tooEarly > now then return { 'tooEarly', num(tooEarly) } end",
    to: "",
  },
  {
    breaks: "burying makes the old claim stale",
    script: "bury",
    within: "operate",
    from: "(before and before.fence or 0) + 1",
    to: "before and before.fence or 1",
  },
  {
    breaks: "not sent can't be known before the signature is stale",
    script: "resolve",
    within: "operate",
    from: "or now < effect.staleAt",
    to: "",
  },
  {
    breaks: "a verdict is about the attempt it names",
    script: "resolve",
    within: "operate",
    from: "if not isSameAttempt(effect, owner, fence, attemptNumber) then",
    to: "if not effect then",
  },
  {
    breaks: "what needs attention is listed",
    script: "record",
    within: "list",
    from: "redis.call('ZADD', attention, num(deadline), member)",
    to: "local _ = member",
  },
  {
    breaks: "a first begin is its claim's owner's",
    script: "begin",
    within: "beginFirst",
    from: "itsOwner ~= owner or",
    to: "",
  },
  {
    breaks: "a first begin is its claim's fence's",
    script: "begin",
    within: "beginFirst",
    from: "itsFence ~= fence or",
    to: "",
  },
  {
    breaks: "an own lease that is over can't begin a first effect",
    script: "begin",
    within: "beginFirst",
    from: "or leaseUntil <= now",
    to: "",
  },
  {
    breaks: "a first begin binds content",
    script: "begin",
    within: "beginFirst",
    from: "owner, messageId, fingerprint, pipeline",
    to: "owner, messageId, bound, pipeline",
  },
  {
    breaks: "a first begin minds what an operator has bound",
    script: "begin",
    within: "beginFirst",
    from: "if anEffect or few or bound then",
    to: "if anEffect or few then",
  },
  {
    breaks: "a first begin is a record's first",
    script: "begin",
    within: "beginFirst",
    from: "if anEffect or few or bound then",
    to: "if few or bound then",
  },
  {
    breaks: "the fast path's receipt is for the attempt it names",
    script: "settle",
    within: "settleSent",
    from: "or itsNumber ~= attemptNumber",
    to: "",
  },
  {
    breaks: "the fast path's receipt is for the effect it names",
    script: "settle",
    within: "settleSent",
    from: "itsName ~= name or",
    to: "",
  },
  {
    breaks: "the fast path's receipt comes from the claim that holds",
    script: "settle",
    within: "settleSent",
    from: "if state ~= CLAIMED or itsOwner ~= owner or itsFence ~= fence then return nil end",
    to: "",
  },
  {
    breaks: "the fast path's receipt is the first",
    script: "settle",
    within: "settleSent",
    from: "itsState ~= SENDING",
    to: "false",
  },
  {
    breaks: "the fast path's receipt forgets no other effect",
    script: "settle",
    within: "settleSent",
    from: "if another or not effect then",
    to: "if not effect then",
  },
  {
    breaks: "the fast path's completion is the claim's that holds",
    script: "complete",
    within: "completeOne",
    from: "if state ~= CLAIMED or itsOwner ~= owner or itsFence ~= fence then return nil end",
    to: "",
  },
  {
    breaks: "the fast path's completion is of what was accepted",
    script: "complete",
    within: "completeOne",
    from: "if itsState ~= ACCEPTED then return nil end",
    to: "",
  },
  {
    breaks: "the fast path's completion forgets no other effect",
    script: "complete",
    within: "completeOne",
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
    within: "operate",
    from: "if knownHolder ~= holder then return { 'taken', knownHolder } end",
    to: "",
  },
  {
    breaks: "a late copy frees nothing that was reserved again",
    script: "free",
    within: "operate",
    from: "and tonumber(knownFence) <= tonumber(fence) then",
    to: "then",
  },
];

/** The scripts with the bug. @throws when the patch no longer applies */
export function withMutant(sources: ScriptSources, mutant: ScriptMutant): ScriptSources {
  const { script, within, from, to, breaks } = mutant;
  const source = sources[script];
  const tokens = tokensOf(source);
  const wanted = tokensOf(from);
  const ranges = within === undefined ? [{ first: 0, end: tokens.length }] : bodies(tokens, within);
  const places = ranges.flatMap(({ first, end }) =>
    tokens.slice(first, end - wanted.length + 1).flatMap((token, i) => {
      const fits = wanted.every(({ text }, j) => tokens[first + i + j]?.text === text);
      return fits ? [{ start: token.start, last: tokens[first + i + wanted.length - 1] }] : [];
    }),
  );
  const [place] = places;
  if (!place?.last || places.length > 1) {
    const where = `${within ?? "the whole"} of ${script}.lua`;
    throw new Error(`The patch "${breaks}" fits ${places.length} times in ${where}, not once.`);
  }
  const changed = `${source.slice(0, place.start)} ${to} ${source.slice(place.last.end)}`;
  return { ...sources, [script]: changed };
}

interface Token {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const TOKEN = /--[^\n]*|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|\w+|[=~<>]=|\.{2,3}|\S/g;

function tokensOf(source: string): Token[] {
  return [...source.matchAll(TOKEN)]
    .filter(([text]) => !text.startsWith("--"))
    .map(({ 0: text, index }) => ({ text, start: index, end: index + text.length }));
}

/** The functions of that name, by their first and behind their last token. */
function bodies(tokens: readonly Token[], name: string): { first: number; end: number }[] {
  return tokens.flatMap(({ text }, first) => {
    if (text !== "function" || tokens[first + 1]?.text !== name) return [];
    let depth = 0;
    for (let end = first; end < tokens.length; end += 1) {
      const word = tokens[end]?.text ?? "";
      // A "for" or "while" opens with its "do"; no script has a "repeat".
      if (["function", "if", "do"].includes(word)) depth += 1;
      if (word === "end" && (depth -= 1) === 0) return [{ first, end: end + 1 }];
    }
    return [];
  });
}
