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
    from: "record[OWNER] == owner and record[FENCE] == fence end",
    to: "record[FENCE] == fence end",
  },
  {
    breaks: "a claim is its fence's",
    script: "record",
    within: "holds",
    from: "record[OWNER] == owner and record[FENCE] == fence end",
    to: "record[OWNER] == owner end",
  },
  {
    breaks: "the fence never falls",
    script: "claim",
    within: "operate",
    from: "record[FENCE] + 1",
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
    from: "bound ~= fingerprint then",
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
    from: "note[DEAD_LETTER_MESSAGE_ID] == messageId",
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
    breaks: "an attempt stays its own claim's when another claim begins",
    script: "record",
    within: "detachEffects",
    from: "set(effect, EFFECT_FENCE, fence)",
    to: "",
  },
  {
    breaks: "an attempt keeps its time when another claim begins",
    script: "record",
    within: "detachEffects",
    from: "startedAtOf(record, effect) - claimedAt",
    to: "effect[EFFECT_STARTED_AFTER]",
  },
  {
    breaks: "an expired sending becomes unknown, never free",
    script: "record",
    within: "sendingToUnknown",
    from: "effect[EFFECT_STATE] = UNKNOWN",
    to: "effect[EFFECT_STATE] = REJECTED",
  },
  {
    breaks: "an expired sending is seen as unknown",
    script: "record",
    within: "seenState",
    from: "return itsOwn and isLive(record) and SENDING or UNKNOWN",
    to: "return SENDING",
  },
  {
    breaks: "extending doesn't shorten the record's life",
    script: "extend",
    within: "operate",
    from: "save(record, leaseUntil + retentionMs)",
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
    from: "math.max(leaseUntilOf(record), now + leaseMs)",
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
    from: "if not isSameAttempt(record, effect, owner, fence, attemptNumber) then",
    to: "if fenceOf(record, effect) ~= fence then",
  },
  {
    breaks: "what was given up can't begin late",
    script: "begin",
    within: "operate",
    from: "if state and isBelowFloor(record, effect, fence, attemptNumber) then return 'lost' end",
    to: "",
  },
  {
    breaks: "a record with an effect doesn't expire before it is done",
    script: "record",
    within: "saveText",
    from: "if record[STATE] ~= DONE and record[EFFECTS] then return write(text) end",
    to: "",
  },
  {
    breaks: "content is bound at the first begin",
    script: "begin",
    within: "operate",
    from: "record[FINGERPRINT] = fingerprint",
    to: "",
  },
  {
    breaks: "a begin minds what an operator has bound",
    script: "begin",
    within: "operate",
    from: "if record[FINGERPRINT] and record[FINGERPRINT] ~= fingerprint then return 'lost' end",
    to: "",
  },
  {
    breaks: "accepted counts whoever brings it",
    script: "settle",
    within: "settleAccepted",
    from: "local before = scoreOf(record, effect)",
    to: "local before = scoreOf(record, effect) if not holds(record, owner, fence) then return 'lost' end",
  },
  {
    breaks: "a receipt is for the attempt it names",
    script: "settle",
    within: "settleAccepted",
    from: "if not isSameAttempt(record, effect, owner, fence, attemptNumber) then",
    to: "if not effect then",
  },
  {
    breaks: "rejected clears only its own attempt",
    script: "settle",
    within: "settleRejected",
    from: "if isSameAttempt(record, effect, owner, fence, attemptNumber) then",
    to: "if effect then",
  },
  {
    breaks: "a begin that was given up is remembered",
    script: "settle",
    within: "settleRejected",
    from: "putEffect(record, givenUp)",
    to: "",
  },
  {
    breaks: "two receipts raise the duplicate",
    script: "settle",
    within: "anotherReceipt",
    from: "receipt.id == known[RECEIPT_ID] then",
    to: "true then",
  },
  {
    breaks: "unknown is noted by the live claim only",
    script: "settle",
    within: "settleUnknown",
    from: "if not holds(record, owner, fence) or not isLive(record) then return 'lost' end",
    to: "",
  },
  {
    breaks: "nothing rejected completes by accident",
    script: "complete",
    within: "operate",
    from: "if effect[EFFECT_STATE] ~= DROPPED and",
    to: "if effect[EFFECT_STATE] ~= DROPPED and effect[EFFECT_STATE] ~= REJECTED and",
  },
  {
    breaks: "a stale claim can't complete",
    script: "complete",
    within: "operate",
    from: "if not holds(record, owner, fence) and not wasReleasedBy then return 'lost' end",
    to: "",
  },
  {
    breaks: "a stale claim can't release",
    script: "release",
    within: "operate",
    from: "record[OWNER] ~= owner or record[FENCE] ~= fence",
    to: "record[FENCE] > fence + 9",
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
    from: "'', record[FENCE] + 1",
    to: "'', record[FENCE]",
  },
  {
    breaks: "not sent can't be known before the signature is stale",
    script: "resolve",
    within: "operate",
    from: "or now < staleAt",
    to: "",
  },
  {
    breaks: "a verdict is about the attempt it names",
    script: "resolve",
    within: "operate",
    from: "or not isSameAttempt(record, effect, owner, fence, attemptNumber)",
    to: "or not effect",
  },
  {
    breaks: "what needs attention is listed",
    script: "record",
    within: "list",
    from: "redis.call('ZADD', attention, num(deadline), member)",
    to: "local _ = member",
  },
  {
    breaks: "an effect is put in its own place",
    script: "record",
    within: "putEffect",
    from: "if known[EFFECT_NAME] == effect[EFFECT_NAME] then",
    to: "if known then",
  },
  {
    breaks: "another format is nobody's to read",
    script: "record",
    within: "decode",
    from: "if format ~= OWN_FORMAT then",
    to: "if false then",
  },
  {
    breaks: "an unknown state is nobody's to read",
    script: "record",
    within: "decode",
    from: "if not RECORD_STATES[record[STATE]] then",
    to: "if false then",
  },
  {
    breaks: "an effect in an unknown state is nobody's to read",
    script: "record",
    within: "decodeEffect",
    from: "if not EFFECT_STATES[effect[EFFECT_STATE]] then",
    to: "if false then",
  },
  {
    breaks: "a receipt of an unknown kind is nobody's to read",
    script: "record",
    within: "checkReceipt",
    from: "if not VIAS[receipt[RECEIPT_VIA]] then",
    to: "if false then",
  },
  {
    breaks: "an id packed in an unknown way is nobody's to read",
    script: "record",
    within: "checkId",
    from: "if not PACKINGS[id:byte(1)] then",
    to: "if false then",
  },
  {
    breaks: "a value of another type is nobody's to read",
    script: "record",
    within: "decode",
    from: "checkRecordValues(record)",
    to: "",
  },
  {
    breaks: "an effect's value of another type is nobody's to read",
    script: "record",
    within: "decodeEffect",
    from: "checkEffectValues(effect)",
    to: "",
  },
  {
    breaks: "a value of another kind is never overwritten",
    script: "claim",
    within: "operate",
    from: "text, 'NX')",
    to: "text)",
  },
  {
    breaks: "a value of another kind isn't taken for absent",
    script: "record",
    within: "load",
    from: "if kind ~= 'none' then",
    to: "if false then",
  },
  {
    breaks: "what a later release has added is written back",
    script: "record",
    within: "trim",
    from: "for i = #values, 1, -1 do",
    to: "for i = #values, 15, -1 do values[i] = nil end for i = #values, 1, -1 do",
  },
  {
    breaks: "a record that can't be read is listed",
    script: "record",
    within: "noteUnreadable",
    from: "redis.call('ZADD', attention, 'NX', num(now), member)",
    to: "local _ = member",
  },
  {
    breaks: "a record that can't be read stays alone",
    script: "each",
    within: "answerOf",
    from: "if ok then return reply end",
    to: "if not ok and reply.unreadable then error({ err = 'ERR ' .. reply.unreadable }) end if ok then return reply end",
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
  {
    breaks: "a repetition's window counts from the earliest attempt",
    script: "begin",
    within: "mayRepeat",
    from: "unknownSinceOf(record, effect) or startedAtOf(record, effect)",
    to: "startedAtOf(record, effect)",
  },
  {
    breaks: "all of a repetition lies within the window",
    script: "begin",
    within: "mayRepeat",
    from: "now + timeoutMs + validityMs <",
    to: "now <",
  },
  {
    breaks: "a refused repetition doesn't free the effect",
    script: "settle",
    within: "settleRejected",
    from: "isOpen and UNKNOWN or REJECTED",
    to: "REJECTED",
  },
  {
    breaks: "what was sent again on a verdict stays open",
    script: "resolve",
    within: "operate",
    from: "if not effect[EFFECT_OLDER_BY] then set(effect, EFFECT_OLDER_BY, 0) end",
    to: "",
  },
  {
    breaks: "what was blocked after a verdict stays open",
    script: "block",
    within: "operate",
    from: "keepOpen(record, blocked, effect)",
    to: "",
  },
  {
    breaks: "an effect is stale once all of its attempts are",
    script: "record",
    within: "keepOpen",
    from: "math.max(following[EFFECT_VALIDITY_MS], validityMs)",
    to: "following[EFFECT_VALIDITY_MS]",
  },
  {
    breaks: "nothing is buried while an earlier attempt could still be accepted",
    script: "bury",
    within: "operate",
    from: "or effect[EFFECT_OLDER_BY] then",
    to: "then",
  },
  {
    breaks: "an operator's not sent is about all that was begun",
    script: "resolve",
    within: "operate",
    from: "clear(effect, EFFECT_OLDER_BY) return resolved()",
    to: "return resolved()",
  },
  {
    breaks: "a claim is a try until its release says otherwise",
    script: "release",
    within: "operate",
    from: "if untried then setTries(record, math.max(0, triesOf(record) - 1)) end",
    to: "setTries(record, math.max(0, triesOf(record) - 1))",
  },
  {
    breaks: "a claim that is given back untried is no try",
    script: "release",
    within: "operate",
    from: "if untried then setTries(record, math.max(0, triesOf(record) - 1)) end",
    to: "",
  },
  {
    breaks: "a claim that ended without a word is told of",
    script: "claim",
    within: "operate",
    from: "local unended = record[STATE] == CLAIMED",
    to: "local unended = false",
  },
  {
    breaks: "tries are the record's",
    script: "claim",
    within: "operate",
    from: "goesOn and triesOf(record) + 1 or 1",
    to: "1",
  },
  {
    breaks: "tries start again after a dead letter",
    script: "bury",
    within: "operate",
    from: "setTries(record, 0)",
    to: "",
  },
  {
    breaks: "a policy's resend is no new start",
    script: "resolve",
    within: "resolved",
    from: "if verdict ~= 'resend' then setTries(record, 0) end",
    to: "setTries(record, 0)",
  },
  {
    breaks: "a lost record is made anew from a proof alone",
    script: "settle",
    within: "operate",
    from: "if status ~= 'accepted' then return 'lost' end",
    to: "",
  },
  {
    breaks: "a record made anew is its claim's to complete",
    script: "complete",
    within: "operate",
    from: "and not wasReleasedBy then",
    to: "then",
  },
  {
    breaks: "nobody but its claim completes a released record",
    script: "complete",
    within: "operate",
    from: "record[STATE] == RELEASED and record[OWNER] == owner and record[FENCE] == fence",
    to: "record[STATE] == RELEASED",
  },
  {
    breaks: "an event of an unknown attempt satisfies nothing",
    script: "settle",
    within: "settleAccepted",
    from: "receipt.via == 'event' and not mayBeOurs(record, effect, owner, fence, attemptNumber)",
    to: "false",
  },
  {
    breaks: "an event's attempt is compared by its nonce",
    script: "settle",
    within: "mayBeOurs",
    from: "owner == ownerOf(record, effect) and",
    to: "",
  },
  {
    breaks: "an event doesn't confirm an attempt that an event alone has named",
    script: "settle",
    within: "mayBeOurs",
    from: "or effect[EFFECT_FOREIGN]",
    to: "",
  },
  {
    breaks: "what an event alone has named isn't freed by a refusal of it",
    script: "settle",
    within: "doubt",
    from: "set(doubted, EFFECT_FOREIGN, true) set(doubted, EFFECT_OLDER_BY, 0)",
    to: "set(doubted, EFFECT_FOREIGN, true)",
  },
  {
    breaks: "foreign evidence frees nothing",
    script: "settle",
    within: "doubt",
    from: "if not doubted[EFFECT_OLDER_BY] then set(doubted, EFFECT_OLDER_BY, 0) end",
    to: "",
  },
  {
    breaks: "verdicts grow a record to a bound",
    script: "resolve",
    within: "resolved",
    from: "if #resolutions > 20 then table.remove(resolutions, 1) end",
    to: "",
  },
  {
    breaks: "an operator's pause stays where a budget is exceeded",
    script: "pause",
    from: "if ARGV[3] == '1' and redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 then return 0 end",
    to: "",
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
