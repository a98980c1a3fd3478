import { FORMAT } from "../cas-store/record-format.js";

type Fields = Record<string, unknown>;

const firstEffect = (record: Fields): Fields => (record["effects"] as Fields[])[0] ?? {};

/** What may stand in a record's cell that `casStore` must not take for a record. */
const CHANGES: Readonly<Record<string, (record: Fields) => unknown>> = {
  "an unknown format": (record) => ({ ...record, format: FORMAT + 8 }),
  "a format that is text": (record) => ({ ...record, format: "one" }),
  "no format": ({ format: _, ...record }) => record,
  "an unknown state": (record) => ({ ...record, state: "resting" }),
  "a fence that is text": (record) => ({ ...record, fence: "three" }),
  "an owner that is a number": (record) => ({ ...record, owner: 6 }),
  "no time of writing": ({ writtenAt: _, ...record }) => record,
  "no effects": ({ effects: _, ...record }) => record,
  "an effect in an unknown state": (record) => ({
    ...record,
    effects: [{ ...firstEffect(record), state: "resting" }],
  }),
  "an effect's time that is text": (record) => ({
    ...record,
    effects: [{ ...firstEffect(record), startedAt: "now" }],
  }),
  "a receipt of an unknown kind": (record) => ({
    ...record,
    effects: [{ ...firstEffect(record), receipt: { id: "1", at: 1, via: "rumour" } }],
  }),
  "an effect that isn't one": (record) => ({ ...record, effects: [7] }),
  "another key's record": (record) => ({ ...record, key: "another" }),
  "a list in its place": () => [],
};

const REPLACEMENTS: Readonly<Record<string, string>> = {
  "no JSON in its place": "{",
  "an empty text in its place": "",
};

/** The `spoilings` of `storeSuite` for a store that `casStore` makes. */
export const casSpoilings: readonly string[] = [
  ...Object.keys(CHANGES),
  ...Object.keys(REPLACEMENTS),
];

/** The value of a record's cell, spoiled in the way that is named among {@link casSpoilings}. */
export function spoiledCasValue(value: string, how: string): string {
  const change = CHANGES[how];
  if (change) return JSON.stringify(change(JSON.parse(value) as Fields));
  const replacement = REPLACEMENTS[how];
  if (replacement === undefined) throw new Error(`No such spoiling: ${how}.`);
  return replacement;
}

const LATER = { later: { is: ["a later release's"] } };

/** The value with what a later release might have added to the record and to its first effect. */
export function casValueFromLater(value: string): string {
  const record = JSON.parse(value) as Fields;
  const [effect, ...others] = record["effects"] as Fields[];
  const effects = [{ ...effect, ...LATER }, ...others];
  return JSON.stringify({ ...record, ...LATER, effects });
}

/** Whether all of that is still there. */
export function casValueKeepsLater(value: string): boolean {
  const record = JSON.parse(value) as Fields;
  const kept = [record, firstEffect(record)].map(({ later }) => JSON.stringify({ later }));
  return kept.every((text) => text === JSON.stringify(LATER));
}
