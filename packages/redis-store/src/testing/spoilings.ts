import { EFFECT, RECORD } from "../format/description.js";
import type { RedisClient } from "../transport/client.js";

/** Lua that changes `record`, an array of a stored record's values, whose effects are arrays, too. */
const CHANGES: Readonly<Record<string, string>> = {
  "an unknown format": "record[1] = 9",
  "a format that is text": "record[1] = 'one'",
  "an unknown state": "record[2] = 9",
  "a fence that is text": "record[3] = 'three'",
  "an owner that is a number": "record[6] = 6",
  "an id packed in an unknown way": "record[7] = '?' .. record[7]",
  "an effect in an unknown state": "record[11][1][2] = 9",
  "an effect's time that is text": "record[11][1][4] = 'now'",
  "a receipt of an unknown kind": "record[11][1][7][1] = 9",
  "an effect that isn't one": "record[11][1] = 7",
  "too few values": "for i = #record, 4, -1 do record[i] = nil end",
};

/** Lua that puts something else in a record's place. */
const REPLACEMENTS: Readonly<Record<string, string>> = {
  "a hash in its place": "redis.call('HSET', KEYS[1], 'state', 'done')",
  "a list in its place": "redis.call('RPUSH', KEYS[1], 'done')",
  "no MessagePack in its place": "redis.call('SET', KEYS[1], string.char(1, 0xd9))",
  "an empty text in its place": "redis.call('SET', KEYS[1], '')",
};

export const spoilings: readonly string[] = [...Object.keys(CHANGES), ...Object.keys(REPLACEMENTS)];

const read = `
local record = { cmsgpack.unpack(redis.call('GET', KEYS[1])) }
for i, effect in ipairs(record[11] or {}) do record[11][i] = { cmsgpack.unpack(effect) } end
`;
const write = `
for i, effect in ipairs(record[11] or {}) do
  if type(effect) == 'table' then record[11][i] = cmsgpack.pack(unpack(effect)) end
end
redis.call('SET', KEYS[1], cmsgpack.pack(unpack(record)), 'KEEPTTL')
`;

/** @returns what puts back what stood there */
export async function spoil(
  client: RedisClient,
  name: string,
  how: string,
): Promise<() => Promise<void>> {
  const before = await client.dumpBuffer(name);
  const livesFor = await client.pttl(name);
  const change = CHANGES[how];
  const replacement = REPLACEMENTS[how];
  if (change !== undefined) await client.eval(read + change + write, 1, name);
  else if (replacement !== undefined) {
    await client.del(name);
    await client.eval(replacement, 1, name);
  } else throw new Error(`No such spoiling: ${how}.`);
  return async () => {
    await client.del(name);
    if (before !== null) await client.restore(name, Math.max(0, livesFor), before);
  };
}

const LATER = "a later release's";
/** The places behind the last values that this release knows. */
const RECORD_END = Object.keys(RECORD).length + 1;
const EFFECT_END = Object.keys(EFFECT).length + 1;

/** Adds a value behind those that this release knows, to the record and to its first effect. */
export async function addFromLater(
  client: RedisClient,
  name: string,
): Promise<() => Promise<boolean>> {
  const fill = (values: string, from: number): string =>
    `for i = #${values} + 1, ${from} - 1 do ${values}[i] = false end ${values}[${from}] = ARGV[1]`;
  const added = `${fill("record", RECORD_END)} ${fill("record[11][1]", EFFECT_END)}`;
  await client.eval(read + added + write, 1, name, LATER);
  return async () => {
    const asked = `${read} return { record[${RECORD_END}] or false, record[11][1][${EFFECT_END}] or false }`;
    const kept = (await client.eval(asked, 1, name)) as readonly unknown[];
    return kept.every((value) => value === LATER);
  };
}
