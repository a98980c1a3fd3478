import { createUserCache } from "@exactly-once/core/user-cache";
import { afterEach, describe, expect, it } from "vitest";
import { createLocalCognito, type LocalCognitoOptions } from "../local/cognito.js";
import { localCognitoClient } from "../local/cognito-client.js";
import { emailOf, traineeIdOf } from "../local/cognito-pool.js";
import { cognitoSource } from "./cognito-source.js";
import {
  TRAINEE_ATTRIBUTES,
  traineeAccount,
  traineeAccountCodec,
  traineeKeys,
  type TraineeAccount,
} from "./trainee-account.js";

const open: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function setUp(options: LocalCognitoOptions) {
  const cognito = await createLocalCognito(options);
  const client = localCognitoClient(cognito.endpoint);
  open.push(cognito.close, () => client.destroy());
  const source = cognitoSource<TraineeAccount>({
    client,
    userPoolId: cognito.userPoolId,
    attributes: TRAINEE_ATTRIBUTES,
    toUser: traineeAccount,
    maxCallsPerSecond: 1_000,
    findBy: "email",
  });
  return { cognito, source };
}

async function walk(source: Awaited<ReturnType<typeof setUp>>["source"]) {
  const users: TraineeAccount[] = [];
  const sizes: number[] = [];
  for await (const page of source.pages({ signal: new AbortController().signal })) {
    users.push(...page.users);
    sizes.push(page.users.length);
  }
  return { users, sizes };
}

async function cached(source: Awaited<ReturnType<typeof setUp>>["source"]) {
  const cache = createUserCache<TraineeAccount>({
    source,
    keys: traineeKeys,
    identity: (account) => account.username,
    codec: traineeAccountCodec,
    ttlMs: 60_000,
    pageTimeoutMs: 500,
  });
  open.push(cache.stop);
  cache.start();
  expect(await cache.ready()).toBe(true);
  return cache;
}

describe("the users of a Cognito pool", () => {
  it("come sixty at a time, each once, with the attributes asked for and no others", async () => {
    const { cognito, source } = await setUp({ users: 150 });
    const { users, sizes } = await walk(source);
    expect(sizes).toEqual([60, 60, 30]);
    expect(new Set(users.map((user) => user.username)).size).toBe(150);
    expect(users[7]).toMatchObject({ traineeId: traineeIdOf(7), email: emailOf(7) });
    expect(Object.keys(users[7] ?? {}).sort()).toEqual(
      ["email", "familyName", "givenName", "traineeId", "username"].sort(),
    );
    expect(cognito.counts()).toMatchObject({ calls: 3, walks: 1, walksCompleted: 1 });
  });

  it("come all the same where some lack the attribute, for which AWS refuses to select", async () => {
    const { source } = await setUp({ users: 100, staffEvery: 10 });
    const { users } = await walk(source);
    expect(users).toHaveLength(100);
    expect(users.filter((user) => user.traineeId === undefined)).toHaveLength(10);
  });

  it("are found by their address, whatever it contains, and never by a custom attribute", async () => {
    const hostile = { username: "h", attributes: { sub: "h", email: `"quoted\\"@example.org` } };
    const { source } = await setUp({ users: 1_000, extraUsers: [hostile] });
    const signal = new AbortController().signal;
    expect(await source.find?.(emailOf(321), { signal })).toMatchObject([
      { traineeId: traineeIdOf(321) },
    ]);
    expect(await source.find?.(hostile.attributes.email, { signal })).toMatchObject([
      { username: "h" },
    ]);
    expect(await source.find?.("nobody@example.org", { signal })).toEqual([]);
  });

  it("fill a cache through throttling, dropped connections, server errors and hanging", async () => {
    const { cognito, source } = await setUp({ users: 600 });
    for (const fault of ["throttle", "drop", "error", "hang"] as const) cognito.failNext(fault);
    const cache = await cached(source);
    expect(cache.stats()).toMatchObject({ users: 600, entries: 600 });
    expect(await cache.lookup(traineeIdOf(599))).toMatchObject({ status: "found" });
    expect(await cache.lookup("nobody")).toMatchObject({ status: "absent" });
  });

  it("slow down to what the account may do, and arrive", async () => {
    const { cognito, source } = await setUp({ users: 1_200, maxCallsPerSecond: 15 });
    const cache = await cached(source);
    expect(cache.stats().users).toBe(1_200);
    expect(cognito.counts().throttled).toBeLessThan(10);
  });
});

it("refuses a start by name where the pool doesn't exist", async () => {
  const { cognito } = await setUp({ users: 1 });
  const client = localCognitoClient(cognito.endpoint);
  open.push(() => client.destroy());
  const cache = createUserCache<TraineeAccount>({
    source: cognitoSource<TraineeAccount>({
      ...{ client, userPoolId: "eu-west-2_Nowhere", attributes: TRAINEE_ATTRIBUTES },
      toUser: traineeAccount,
    }),
    keys: traineeKeys,
    ttlMs: 60_000,
  });
  open.push(cache.stop);
  cache.start();
  await expect(cache.ready()).rejects.toThrow(/User pool eu-west-2_Nowhere does not exist/);
});

it.each([
  "Invalid pagination token given.",
  "Paging marker CAISsAIIARKJAggDEoQC is invalid for request adaa2d40-d1bd-4da4-ab5c-ed2a2e20b341",
])("begins anew where Cognito no longer takes the page's token: %s", async (message) => {
  const { source } = await setUp({ users: 1 });
  const error = Object.assign(new Error(message), { name: "InvalidParameterException" });
  expect(source.classify?.(error)).toBe("tokenExpired");
});
