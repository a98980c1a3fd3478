import type { StoreFixture, StoreFixtureRequest } from "@exactly-once/core/testing";
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { RedisClient } from "../transport/client.js";
import { keySpace } from "../keys.js";
import { assembleScripts, sources, type Scripts, type ScriptSources } from "../scripts.js";
import { redisStoreWith, type RedisStore } from "../store.js";
import { addFromLater, spoil } from "./spoilings.js";
import { toldTime } from "./told-time.js";

export interface RedisFixtureOptions {
  /** Nobody else's names begin so. */
  readonly keyPrefix: string;
  readonly client: RedisClient;
  /** Of the other replica of the service. */
  readonly otherClient: RedisClient;
  readonly outage?: (() => Promise<() => Promise<void>>) | undefined;
}

const realNow = Date.now;

/** No test waits for an answer for so long. */
const PATIENT_MS = 120_000;
/** For a server that doesn't answer. */
const IMPATIENT_MS = 500;

/**
 * A store with names of its own in a Redis that others use, too. Nothing is ever flushed. Time passes
 * for it only by `elapse`.
 */
export function redisFixture(
  options: RedisFixtureOptions,
  request: StoreFixtureRequest,
  from: ScriptSources = sources,
): StoreFixture {
  const time = toldTime(from);
  const keyPrefix = newPrefix(options);
  const client = time.tell(options.client);
  const otherClient = time.tell(options.otherClient);
  return {
    ...fixtureOf({ ...options, client, otherClient, keyPrefix }, request, time.scripts),
    elapse: (ms) => time.elapse(options.client, keyPrefix, ms),
  };
}

/** The same by Redis' own clock, for which a test has to wait. */
export function waitingFixture(
  options: RedisFixtureOptions,
  request: StoreFixtureRequest,
  scripts = assembleScripts(),
): StoreFixture {
  const keyPrefix = newPrefix(options);
  return { ...fixtureOf({ ...options, keyPrefix }, request, scripts), elapse: sleep };
}

function newPrefix({ keyPrefix }: RedisFixtureOptions): string {
  return `${keyPrefix}${randomUUID()}:`;
}

function fixtureOf(
  { client, otherClient, keyPrefix, outage }: RedisFixtureOptions,
  { retentionMs, pageSize }: StoreFixtureRequest,
  scripts: Scripts,
): Omit<StoreFixture, "elapse"> {
  const storeOf = (of: RedisClient, commandTimeoutMs = PATIENT_MS) =>
    redisStoreWith(scripts, { client: of, retentionMs, pageSize, keyPrefix, commandTimeoutMs });
  const patient = storeOf(client);
  const impatient = storeOf(client, IMPATIENT_MS);
  let isDown = false;
  return {
    store: new Proxy(patient, {
      get: (_, name) => (isDown ? impatient : patient)[name as keyof RedisStore],
    }),
    another: async () => storeOf(otherClient),
    ...(outage
      ? {
          outage: async () => {
            const end = await outage();
            isDown = true;
            return async () => {
              await end();
              isDown = false;
            };
          },
        }
      : {}),
    spoil: (key, how) => spoil(client, keySpace(keyPrefix).locate(key)[0], how),
    addFromLater: (key) => addFromLater(client, keySpace(keyPrefix).locate(key)[0]),
    skewCaller: (ms) => {
      Date.now = () => realNow() + ms;
    },
    close: async () => {
      Date.now = realNow;
    },
  };
}
