import { UnreadableRecordError } from "../errors.js";
import type { EffectState, Receipt } from "../ports/index.js";
import type { EffectRecord, NotificationRecord } from "../record/record.js";
import { recordName } from "./cell-name.js";

/** Every value begins with it. docs/format.md describes the format, and when the number rises. */
export const FORMAT = 1;

/** A record as it was read, with what this release doesn't know of it. */
export interface StoredRecord {
  readonly record: NotificationRecord;
  /** The writer's clock when it was written: the lease was as long as it ends after this. */
  readonly writtenAt: number;
  readonly unknown: UnknownFields;
}

/** Fields that a later release has added: they are written back as they were. */
export interface UnknownFields {
  readonly ofRecord: Fields;
  /** By the effect's name. */
  readonly ofEffects: ReadonlyMap<string, Fields>;
}

type Fields = Readonly<Record<string, unknown>>;
type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === "string";
const isTime: Check = (value) => typeof value === "number" && Number.isFinite(value);
const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isTrue: Check = (value) => value === true;
const isFields: Check = (value) =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const oneOf =
  (words: readonly string[]): Check =>
  (value) =>
    typeof value === "string" && words.includes(value);
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const shaped =
  (checks: Readonly<Record<string, Check>>): Check =>
  (value) =>
    isFields(value) && wrongField(value as Fields, checks) === undefined;

export const RECORD_STATES = ["claimed", "released", "done", "dead"] as const;
export const EFFECT_STATES = [
  "sending",
  "unknown",
  "accepted",
  "rejected",
  "blocked",
  "dropped",
] as const satisfies readonly EffectState[];
export const VIAS = [
  "provider",
  "event",
  "operator",
  "simulated",
] as const satisfies readonly Receipt["via"][];

const isReceipt = shaped({
  id: (value) => value === null || isText(value),
  at: isTime,
  via: oneOf(VIAS),
});

/** What the table adds to an effect is added here, too, or the package doesn't compile. */
const EFFECT_CHECKS: Readonly<Record<keyof EffectRecord, Check>> = {
  effect: isText,
  state: oneOf(EFFECT_STATES),
  owner: isText,
  fence: isCount,
  attemptNumber: isCount,
  floor: isCount,
  floorFence: isCount,
  startedAt: isTime,
  deadline: isTime,
  staleAt: isTime,
  unknownSince: optional(isTime),
  reason: optional(isText),
  receipt: optional(isReceipt),
  duplicates: optional(listOf(isReceipt)),
  allowed: optional(isTrue),
  settledAfterDeadLetter: optional(isTrue),
  foreign: optional(isTrue),
};

const RECORD_CHECKS: Readonly<Record<keyof NotificationRecord, Check>> = {
  key: isText,
  keyText: optional(isText),
  pipeline: isText,
  state: oneOf(RECORD_STATES),
  owner: isText,
  fence: isCount,
  leaseUntil: isTime,
  claimedAt: isTime,
  messageId: isText,
  tries: isCount,
  fingerprint: optional(isText),
  effects: listOf(shaped(EFFECT_CHECKS)),
  waived: optional((value) => isFields(value) && Object.values(value as Fields).every(isText)),
  dead: optional(shaped({ messageId: isText, reason: isText, at: isTime })),
  resolutions: optional(
    listOf(shaped({ attemptId: isText, verdict: isText, by: isText, why: isText, at: isTime })),
  ),
  expiresAt: optional(isTime),
};

/** Of the envelope, beside the record's own fields. */
const ENVELOPE: ReadonlySet<string> = new Set(["format", "writtenAt"]);

/** The value of a record's cell. What an effect shares with its record isn't repeated. */
export function encodeRecord(
  record: NotificationRecord,
  writtenAt: number,
  unknown: UnknownFields | undefined,
): string {
  const { key, effects, ...rest } = record;
  return JSON.stringify({
    format: FORMAT,
    ...unknown?.ofRecord,
    ...(recordName(key) === key ? {} : { key }),
    ...rest,
    writtenAt,
    effects: effects.map((effect) => ({
      ...unknown?.ofEffects.get(effect.effect),
      ...briefEffect(record, effect),
    })),
  });
}

function briefEffect(record: NotificationRecord, effect: EffectRecord): Partial<EffectRecord> {
  const { owner, fence, floor, floorFence, ...rest } = effect;
  return {
    ...rest,
    ...(owner === record.owner ? {} : { owner }),
    ...(fence === record.fence ? {} : { fence }),
    ...(floor === effect.attemptNumber ? {} : { floor }),
    ...(floorFence === fence ? {} : { floorFence }),
  };
}

/**
 * @param name of the cell, which has to be that of the record's key
 * @throws UnreadableRecordError for whatever `encodeRecord` of this format wouldn't have written
 */
export function decodeRecord(name: string, value: string): StoredRecord {
  const stored = parsed(name, value);
  const told: unknown = stored["key"];
  const isItsOwn = typeof told === "string" && recordName(told) === name;
  const key = isItsOwn ? told : name;
  if (stored["format"] !== FORMAT) {
    throw new UnreadableRecordError(key, `its format is ${shown(stored["format"])}`);
  }
  const effects: unknown = stored["effects"];
  const record: Fields = {
    ...stored,
    key,
    effects: Array.isArray(effects)
      ? effects.map((effect) => wholeEffect(stored, effect))
      : effects,
  };
  const wrong = wrongField(record, RECORD_CHECKS);
  if (wrong !== undefined) throw new UnreadableRecordError(key, `its ${wrong} is none`);
  if (!isTime(stored["writtenAt"])) throw new UnreadableRecordError(key, "its writtenAt is none");
  if (told !== undefined && !isItsOwn) {
    throw new UnreadableRecordError(key, "it is another key's record");
  }
  return splitUnknown(record as unknown as NotificationRecord, record);
}

function parsed(name: string, value: string): Fields {
  try {
    const stored: unknown = JSON.parse(value);
    if (isFields(stored)) return stored as Fields;
  } catch {
    // Said below.
  }
  throw new UnreadableRecordError(name, "it is no JSON object");
}

function wholeEffect(record: Fields, effect: unknown): unknown {
  if (!isFields(effect)) return effect;
  const own = effect as Fields;
  const fence = own["fence"] ?? record["fence"];
  return {
    ...own,
    owner: own["owner"] ?? record["owner"],
    fence,
    floor: own["floor"] ?? own["attemptNumber"],
    floorFence: own["floorFence"] ?? fence,
  };
}

/** The fields that this release knows, all of them as the table makes its records, and the others. */
function splitUnknown(record: NotificationRecord, stored: Fields): StoredRecord {
  const ofEffects = new Map<string, Fields>();
  const effects = record.effects.map((effect) => {
    const others = without(effect as unknown as Fields, EFFECT_CHECKS);
    if (Object.keys(others).length > 0) ofEffects.set(effect.effect, others);
    return only(effect, EFFECT_CHECKS);
  });
  const others = without(stored, RECORD_CHECKS);
  const ofRecord = Object.fromEntries(Object.entries(others).filter(([f]) => !ENVELOPE.has(f)));
  return {
    record: { ...only(record, RECORD_CHECKS), effects },
    writtenAt: stored["writtenAt"] as number,
    unknown: { ofRecord, ofEffects },
  };
}

function only<Known extends object>(
  from: Known,
  checks: Readonly<Record<keyof Known, Check>>,
): Known {
  const fields = Object.keys(checks) as (keyof Known)[];
  return Object.fromEntries(fields.map((field) => [field, from[field]])) as unknown as Known;
}

function without(from: Fields, checks: Readonly<Record<string, Check>>): Fields {
  return Object.fromEntries(
    Object.entries(from).filter(([field]) => !Object.hasOwn(checks, field)),
  );
}

function wrongField(of: Fields, checks: Readonly<Record<string, Check>>): string | undefined {
  return Object.keys(checks).find((field) => checks[field]?.(of[field]) !== true);
}

function shown(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 40) ?? "missing";
}
