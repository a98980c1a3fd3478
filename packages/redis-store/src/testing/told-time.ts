import { isCluster, type RedisClient } from "../transport/client.js";
import { assembleScripts, sources, type Scripts, type ScriptSources } from "../scripts.js";

/** Where the scripts ask Redis for the time. */
const OWN_TIME = "local time = redis.call('TIME')";
const TOLD_TIME =
  "local told = ARGV[#ARGV]\nlocal time = { math.floor(told / 1000), told % 1000 * 1000 }";

/** A clock for records in Redis that stands still until a test moves it: no test waits for it. */
export interface ToldTime {
  /** Scripts that take the time from their last argument instead of from Redis. */
  readonly scripts: Scripts;
  /** A client that gives each script that argument. */
  tell<Client extends RedisClient>(client: Client): Client;
  /** Lets `ms` pass for the scripts, and for the lives of all keys whose names begin so. */
  elapse(client: RedisClient, keyPrefix: string, ms: number): Promise<void>;
}

export function toldTime(from: ScriptSources = sources): ToldTime {
  let now = Date.now();
  return {
    scripts: withToldTime(from),
    tell: (client) => tellTime(client, () => now),
    elapse: async (client, keyPrefix, ms) => {
      now += ms;
      await shortenLives(client, keyPrefix, ms);
    },
  };
}

/** @throws where the scripts don't ask for the time as they used to */
export function withToldTime(from: ScriptSources): Scripts {
  if (from.item.split(OWN_TIME).length !== 2) {
    throw new Error(`item.lua doesn't have "${OWN_TIME}" once.`);
  }
  return assembleScripts({ ...from, item: from.item.replace(OWN_TIME, TOLD_TIME) });
}

/** A client that gives each script a time as its last argument. */
export function tellTime<Client extends RedisClient>(real: Client, now: () => number): Client {
  return new Proxy(real, {
    get: (target, name) => {
      if (name === "pipeline") {
        return () => {
          const pipeline = target.pipeline();
          const evalsha = pipeline.evalsha.bind(pipeline);
          pipeline.evalsha = (...args: unknown[]) => evalsha(...(args as [string]), now());
          return pipeline;
        };
      }
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

const SHORTEN = `
local ms = tonumber(table.remove(ARGV, 1))
for _, key in ipairs(ARGV) do
  local left = redis.call('PTTL', key)
  -- A life that is over removes the key.
  if left >= 0 then redis.call('PEXPIRE', key, string.format('%.0f', left - ms)) end
end`;

/** Takes `ms` from the life of each key whose name begins so; what never expires stays. */
export async function shortenLives(
  client: RedisClient,
  keyPrefix: string,
  ms: number,
): Promise<void> {
  for (const node of isCluster(client) ? client.nodes("master") : [client]) {
    for await (const found of node.scanStream({ match: `${keyPrefix}*`, count: 1_000 })) {
      const names = found as string[];
      if (names.length > 0) await node.eval(SHORTEN, 0, String(ms), ...names);
    }
  }
}
