import {
  formatAttemptId,
  type AttemptInfo,
  type DeadInfo,
  type EffectState,
  type Receipt,
  type RecordView,
} from "@exactly-once/core/ports";
import {
  ATTEMPT,
  DEAD_LETTER,
  EFFECT,
  RECEIPT,
  RECEIPT_REPLY,
  RECORD,
  RECORD_STATES,
  RESOLUTION,
  VIAS,
  VIEW,
  WAIVER,
} from "./description.js";
import { list, named, namesOf, numeric, text, type Wire } from "./named.js";
import { unpack } from "./packed-ids.js";

const EFFECT_NAMES = namesOf(EFFECT);
const RECORD_NAMES = namesOf(RECORD);
const RECEIPT_NAMES = namesOf(RECEIPT);
const DEAD_LETTER_NAMES = namesOf(DEAD_LETTER);
const RESOLUTION_NAMES = namesOf(RESOLUTION);
const WAIVER_NAMES = namesOf(WAIVER);

/** A receipt as replies bear it, with its time. */
export function decodeReceipt(wire: Wire | undefined): Receipt {
  const { via, at, id } = named(RECEIPT_REPLY, wire);
  return { id: optionalId(id), at: numeric(at), via: text(via) as Receipt["via"] };
}

export function decodeDeadLetter(wire: Wire | undefined): DeadInfo {
  const { messageId, reason, at } = named(DEAD_LETTER_NAMES, wire);
  return { messageId: unpack(text(messageId)), reason: text(reason), at: numeric(at) };
}

export function decodeAttempt(key: string, wire: Wire | undefined): AttemptInfo {
  const { claimedAt, owner, fence, seen, effect } = named(ATTEMPT, wire);
  const stored = named(EFFECT_NAMES, effect);
  const startedAt = numeric(claimedAt) + numeric(stored.startedAfter);
  const deadline = startedAt + numeric(stored.timeoutMs);
  const name = text(stored.name);
  const attemptId = formatAttemptId({
    key,
    effect: name,
    owner: text(stored.owner ?? owner),
    fence: numeric(stored.fence ?? fence),
    attemptNumber: numeric(stored.attemptNumber),
  });
  return {
    attemptId,
    effect: name,
    state: text(seen) as EffectState,
    startedAt,
    deadline,
    staleAt: deadline + numeric(stored.validityMs),
    ...optional("unknownSince", stored.olderBy, (olderBy) => startedAt - numeric(olderBy)),
    ...optional("reason", stored.reason, text),
    ...optional("receipt", stored.receipt, (receipt) => storedReceipt(startedAt, receipt)),
    ...optional("allowed", stored.allowed, isSet),
    ...optional("settledAfterDeadLetter", stored.settledAfterDeadLetter, isSet),
  };
}

export function decodeAttempts(key: string, wire: Wire | undefined): AttemptInfo[] {
  return list(wire).map((attempt) => decodeAttempt(key, attempt));
}

export function decodeRecord(key: string, wire: Wire): RecordView {
  const { live, attempts, values } = named(VIEW, wire);
  const record = named(RECORD_NAMES, values);
  const claimedAt = numeric(record.claimedAt);
  const duplicates = list(record.effects ?? []).flatMap((effect) =>
    duplicatesOf(claimedAt, effect),
  );
  return {
    key,
    ...optional("keyText", record.keyText, text),
    pipeline: text(record.pipeline),
    state: wordFor(RECORD_STATES, record.state),
    live: isSet(live ?? null),
    owner: text(record.owner),
    fence: numeric(record.fence),
    leaseUntil: claimedAt + numeric(record.leasedFor),
    messageId: unpack(text(record.messageId)),
    tries: numeric(record.tries ?? 1),
    ...optional("fingerprint", record.fingerprint, (bound) => unpack(text(bound))),
    effects: decodeAttempts(key, attempts),
    ...optional("waived", record.waived, decodeWaived),
    ...optional("dead", record.deadLetter, decodeDeadLetter),
    ...(duplicates.length === 0 ? {} : { duplicates: Object.fromEntries(duplicates) }),
    ...optional("resolutions", record.resolutions, (all) => list(all).map(decodeResolution)),
  };
}

export function optional<const Name extends string, Value>(
  name: Name,
  wire: Wire | undefined,
  decode: (wire: Wire) => Value,
): { readonly [Key in Name]?: Value } {
  if (wire === null || wire === undefined) return {};
  return { [name]: decode(wire) } as { readonly [Key in Name]?: Value };
}

/** A receipt as an effect has it, with the time since that began. */
function storedReceipt(startedAt: number, wire: Wire): Receipt {
  const { via, after, id } = named(RECEIPT_NAMES, wire);
  return { id: optionalId(id), at: startedAt + numeric(after), via: wordFor(VIAS, via) };
}

function duplicatesOf(claimedAt: number, wire: Wire): [string, readonly Receipt[]][] {
  const { name, startedAfter, duplicates } = named(EFFECT_NAMES, wire);
  if (duplicates === null || duplicates === undefined) return [];
  const startedAt = claimedAt + numeric(startedAfter);
  return [[text(name), list(duplicates).map((receipt) => storedReceipt(startedAt, receipt))]];
}

function decodeWaived(wire: Wire): Readonly<Record<string, string>> {
  const waivers = list(wire).map((waiver) => {
    const { effect, reason } = named(WAIVER_NAMES, waiver);
    return [text(effect), text(reason)] as const;
  });
  return Object.fromEntries(waivers);
}

function decodeResolution(wire: Wire) {
  const { attemptId, verdict, by, why, at } = named(RESOLUTION_NAMES, wire);
  return {
    attemptId: text(attemptId),
    verdict: text(verdict),
    by: text(by),
    why: text(why),
    at: numeric(at),
  };
}

function optionalId(wire: Wire | undefined): string | null {
  return typeof wire === "string" ? unpack(wire) : null;
}

function isSet(wire: Wire): boolean {
  return wire === "1";
}

function wordFor<const Words extends readonly string[]>(
  words: Words,
  wire: Wire | undefined,
): Words[number] {
  const word = words[numeric(wire) - 1];
  if (word === undefined)
    throw new TypeError(`A script answered with the unknown code ${String(wire)}.`);
  return word;
}
