import {
  ListUsersCommand,
  paginateListUsers,
  type CognitoIdentityProviderClient,
  type UserType,
} from "@aws-sdk/client-cognito-identity-provider";

/** What a letter needs to know of a doctor. */
export interface UserAccount {
  readonly email: string;
  readonly familyName: string;
}

export interface UserAccountsOptions {
  readonly client: CognitoIdentityProviderClient;
  readonly userPoolId: string;
  /** How long not to walk the pool again after a walk has finished. */
  readonly walkPauseMs: number;
  readonly cacheLifeMs: number;
}

interface CacheEntry {
  readonly accountIds: Set<string>;
  readonly expiresAt: number;
}

const PAGE_SIZE = 60;

const attribute = (user: UserType, name: string): string | undefined =>
  user.Attributes?.find(({ Name }) => Name === name)?.Value;

/** Finds doctors' accounts by trainee id, which Cognito can't search for: hence the cache. */
export function createUserAccounts(options: UserAccountsOptions) {
  const { client, userPoolId, walkPauseMs, cacheLifeMs } = options;
  const cache = new Map<string, CacheEntry>();
  let walkFinishedAt = -Infinity;

  function cached(traineeId: string): Set<string> | undefined {
    const entry = cache.get(traineeId);
    return entry && entry.expiresAt > Date.now() ? entry.accountIds : undefined;
  }

  function remember(traineeId: string, accountId: string): void {
    const accountIds = cached(traineeId) ?? new Set();
    cache.set(traineeId, {
      accountIds: accountIds.add(accountId),
      expiresAt: Date.now() + cacheLifeMs,
    });
  }

  async function cacheAllUsers(): Promise<void> {
    if (Date.now() - walkFinishedAt < walkPauseMs) return;
    const pages = paginateListUsers(
      { client, pageSize: PAGE_SIZE },
      { UserPoolId: userPoolId, AttributesToGet: ["sub", "custom:tisId"] },
    );
    for await (const { Users = [] } of pages) {
      for (const user of Users) {
        const traineeId = attribute(user, "custom:tisId");
        const accountId = attribute(user, "sub");
        if (traineeId && accountId) remember(traineeId, accountId);
      }
    }
    walkFinishedAt = Date.now();
  }

  async function accountIdOf(traineeId: string): Promise<string> {
    if (!cached(traineeId)) await cacheAllUsers();
    const [accountId, ...others] = cached(traineeId) ?? [];
    if (!accountId) throw new Error(`No account for trainee ${traineeId}.`);
    if (others.length > 0) throw new Error(`Several accounts for trainee ${traineeId}.`);
    return accountId;
  }

  return {
    async accountOf(traineeId: string): Promise<UserAccount> {
      const accountId = await accountIdOf(traineeId);
      const { Users = [] } = await client.send(
        new ListUsersCommand({ UserPoolId: userPoolId, Filter: `sub = "${accountId}"` }),
      );
      const [user] = Users;
      const email = user && attribute(user, "email");
      if (!user || !email) throw new Error(`No email address for trainee ${traineeId}.`);
      return { email, familyName: attribute(user, "family_name") ?? "" };
    },
  };
}
