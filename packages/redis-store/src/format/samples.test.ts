import type { DedupeStore } from "@exactly-once/core";
import { repliesOf, type RecordView } from "@exactly-once/core/ports";
import type { Redis } from "ioredis";
import { readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { keySpace } from "../keys.js";
import { sources } from "../scripts.js";
import { redisStoreWith } from "../store.js";
import { givenRedis, type GivenRedis } from "../testing/given-redis.js";
import { tellTime, withToldTime } from "../testing/told-time.js";
import { EFFECT_STATES, FORMAT, RECORD_STATES, VIAS } from "./description.js";
import { makings, SAMPLED_AT, sampleTools, type Sample } from "./samples.fixture.js";

const folder = new URL("samples/", import.meta.url);
const samplesOf = (file: string) =>
  JSON.parse(readFileSync(new URL(file, folder), "utf8")) as readonly Sample[];
/** By format. A file is never changed, and none is ever removed. */
const formats = readdirSync(folder).map(
  (file) => [file.replace(".json", ""), samplesOf(file)] as const,
);

let redis: GivenRedis;
let raw: Redis;
let store: DedupeStore;
let now = 0;

beforeAll(async () => {
  redis = await givenRedis();
  raw = redis.connect();
  const client = tellTime(raw, () => now);
  store = redisStoreWith(withToldTime(sources), { client, keyPrefix: redis.keyPrefix });
});

afterAll(() => redis.stop());

const nameOf = (key: string) => keySpace(redis.keyPrefix).locate(key)[0];

it("there are some of every format up to this one", () => {
  const all = Array.from({ length: FORMAT }, (_, i) => String(i + 1));
  expect(formats.map(([format]) => format)).toEqual(all);
});

describe.each(formats)("format %s", (_format, samples) => {
  it.each(samples.map((sample) => [sample.what, sample] as const))(
    "reads: %s",
    async (_, sample) => {
      now = sample.now;
      await raw.set(nameOf(sample.key), Buffer.from(sample.bytes, "base64"));
      expect(repliesOf(await store.read([sample.key]))).toEqual([sample.view]);
    },
  );

  it("has a sample of every code", () => {
    const views = samples.map(({ view }) => view as RecordView);
    const effects = views.flatMap((view) => view.effects);
    const seen = (words: readonly string[], found: readonly (string | undefined)[]) => {
      expect(words.filter((word) => !found.includes(word))).toEqual([]);
    };
    seen(
      RECORD_STATES,
      views.map(({ state }) => state),
    );
    seen(
      EFFECT_STATES,
      effects.map(({ state }) => state),
    );
    seen(
      VIAS,
      effects.map(({ receipt }) => receipt?.via),
    );
  });
});

/** A release may add to the end of a record, but writes what its predecessor reads. */
it.each(Object.entries(makings))("still writes what it wrote: %s", async (what, make) => {
  const sample = samplesOf(`${FORMAT}.json`).find((known) => known.what === what);
  now = SAMPLED_AT;
  const tools = sampleTools(store, what, (ms) => {
    now += ms;
  });
  await raw.del(nameOf(tools.key));
  await make(tools);
  expect((await raw.getBuffer(nameOf(tools.key)))?.toString("base64")).toBe(sample?.bytes);
});
