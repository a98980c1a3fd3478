import {
  ListUsersCommand,
  type ListUsersCommandInput,
} from "@aws-sdk/client-cognito-identity-provider";
import { afterEach, describe, expect, it } from "vitest";
import { createLocalCognito, type LocalCognitoOptions } from "./cognito.js";
import { localCognitoClient } from "./cognito-client.js";
import { createLocalPool, emailOf } from "./cognito-pool.js";

const open: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function setUp(options: LocalCognitoOptions) {
  const cognito = await createLocalCognito(options);
  const client = localCognitoClient(cognito.endpoint);
  open.push(cognito.close, () => client.destroy());
  const list = (input: Partial<ListUsersCommandInput>) =>
    client.send(new ListUsersCommand({ UserPoolId: cognito.userPoolId, ...input }));
  return { cognito, list };
}

describe("the local Cognito", () => {
  it("pages with a token until there is nothing more", async () => {
    const { list } = await setUp({ users: 5 });
    const first = await list({ Limit: 3 });
    expect(first.Users).toHaveLength(3);
    const second = await list({ Limit: 3, PaginationToken: first.PaginationToken });
    expect(second.Users).toHaveLength(2);
    expect(second.PaginationToken).toBeUndefined();
  });

  it("refuses what AWS refuses", async () => {
    const { list } = await setUp({ users: 5 });
    await expect(list({ Limit: 61 })).rejects.toMatchObject({
      name: "InvalidParameterException",
      message: expect.stringContaining("less than or equal to 60") as string,
    });
    await expect(list({ Filter: 'custom:tisId = "100001"' })).rejects.toMatchObject({
      name: "InvalidParameterException",
    });
    await expect(list({ Filter: "email contains x" })).rejects.toMatchObject({
      message: "Error while parsing filter.",
    });
    await expect(list({ PaginationToken: "forged" })).rejects.toMatchObject({
      name: "InvalidParameterException",
    });
    await expect(list({ UserPoolId: "eu-west-2_other" })).rejects.toMatchObject({
      name: "ResourceNotFoundException",
    });
  });

  it("filters by equality and by prefix", async () => {
    const { list } = await setUp({ users: 300 });
    const one = await list({ Filter: `email = "${emailOf(42)}"` });
    expect(one.Users).toHaveLength(1);
    const same = await list({ Filter: `sub = "${one.Users?.[0]?.Username}"` });
    expect(same.Users).toEqual(one.Users);
    const prefix = await list({ Filter: 'email ^= "trainee-4"', Limit: 60 });
    expect(prefix.Users).toHaveLength(11);
  });

  it("is the same pool for the same seed, of any size, without holding it", () => {
    const pool = createLocalPool({ users: 1_000_000, seed: 3 });
    expect(pool.at(999_999)).toEqual(createLocalPool({ users: 1_000_000, seed: 3 }).at(999_999));
    expect(pool.at(5)).not.toEqual(createLocalPool({ users: 10, seed: 4 }).at(5));
  });

  it("is steered and read by other processes over HTTP", async () => {
    const { cognito, list } = await setUp({ users: 10 });
    const call = async (method: string, path: string, body?: unknown): Promise<unknown> => {
      const text = body === undefined ? {} : { body: JSON.stringify(body) };
      return (await fetch(`${cognito.endpoint}/_local/${path}`, { method, ...text })).json();
    };
    await call("POST", "users", [{ username: "x", attributes: { email: "x@example.org" } }]);
    await call("PATCH", "settings", { users: 3 });
    expect((await list({})).Users?.map((user) => user.Username)).toContain("x");
    await call("POST", "faults", { fault: "throttle", calls: 1 });
    await expect(list({})).rejects.toMatchObject({ name: "TooManyRequestsException" });
    expect(await call("GET", "counts")).toMatchObject({ calls: 2, throttled: 1, walks: 1 });
  });
});
