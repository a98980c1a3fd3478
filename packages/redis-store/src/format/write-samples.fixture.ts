import { existsSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { repliesOf } from "@exactly-once/core/ports";
import { keySpace } from "../keys.js";
import { sources } from "../scripts.js";
import { redisStoreWith } from "../store.js";
import { startRedisServer } from "../testing/redis-server.js";
import { tellTime, withToldTime } from "../testing/told-time.js";
import { FORMAT } from "./description.js";
import { makings, SAMPLED_AT, sampleTools, type Sample } from "./samples.fixture.js";

/**
 * Writes samples of the format that this release writes, once: they are read for ever.
 *
 *     node scripts/run-ts.mjs packages/redis-store/src/format/write-samples.fixture.ts
 */
const file = fileURLToPath(new URL(`samples/${FORMAT}.json`, import.meta.url));
if (existsSync(file)) throw new Error(`${file} is there: what it holds stays readable.`);
const server = await startRedisServer();
const raw = server.connect();
let now = SAMPLED_AT;
const client = tellTime(raw, () => now);
const store = redisStoreWith(withToldTime(sources), { client, keyPrefix: "" });
const samples: Sample[] = [];
for (const [what, make] of Object.entries(makings)) {
  now = SAMPLED_AT;
  const tools = sampleTools(store, what, (ms) => {
    now += ms;
  });
  await make(tools);
  const { key } = tools;
  const bytes = await raw.getBuffer(keySpace("").locate(key)[0]);
  const [view] = repliesOf(await store.read([key]));
  samples.push({ what, key, now, bytes: bytes?.toString("base64") ?? "", view });
}
await server.stop();
writeFileSync(file, `${JSON.stringify(samples, null, 2)}\n`);
