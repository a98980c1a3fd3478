import { expect, it } from "vitest";
import { ConfigurationError } from "../errors.js";
import { createUserCache } from "./user-cache.js";
import type { UserCacheOptions } from "./options.js";

type Over = Readonly<Partial<Record<keyof UserCacheOptions<string>, unknown>>>;

function create(over: Over) {
  const options = { source: { async *pages() {} }, keys: (user: string) => [user], ttlMs: 1_000 };
  return createUserCache({ ...options, ...over } as UserCacheOptions<string>);
}

it.each<readonly [string, Over, string]>([
  ["no source", { source: undefined }, "source is missing; give a source with pages()"],
  ["a source that is none", { source: {} }, "source has no pages()"],
  ["no keys", { keys: undefined }, "keys is missing; give a function"],
  ["no time", { ttlMs: undefined }, "ttlMs is missing; give whole milliseconds"],
  ["a time without end", { ttlMs: Infinity }, "ttlMs is Infinity"],
  ["a share above 1", { minShare: 2 }, "minShare is 2; give a number from 0 to 1"],
  ["a share that is no number", { minShare: Number.NaN }, "minShare is NaN"],
  ["no time between looks", { pollMs: 0 }, "pollMs is 0"],
  ["no time for a lease", { leaseMs: 0 }, "leaseMs is 0"],
  ["pages without end", { pageTimeoutMs: Infinity }, "pageTimeoutMs is Infinity"],
  ["waiting for nothing", { waitMs: Number.NaN }, "waitMs is NaN"],
  ["a stale time that is no number", { maxStaleMs: "1d" }, 'maxStaleMs is "1d"'],
])("refuses %s, and says what to give", (_, over, text) => {
  expect(() => create(over)).toThrow(ConfigurationError);
  expect(() => create(over)).toThrow(`createUserCache: ${text}`);
});

it.each([
  ["waitMs", { waitMs: Number.NaN }],
  ["freshAfter", { freshAfter: Number.NaN }],
])("a lookup refuses a %s that is no number, instead of waiting in circles", async (name, over) => {
  await expect(create({}).lookup("anybody", over)).rejects.toThrow(`lookup: ${name} is NaN`);
});
