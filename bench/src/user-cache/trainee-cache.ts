import {
  createUserCache,
  type UserCache,
  type UserCacheOptions,
  type UserSource,
} from "@exactly-once/core/user-cache";
import { redisUserSnapshot } from "@exactly-once/redis-store";
import { Redis } from "ioredis";
import { setImmediate as turn } from "node:timers/promises";
import {
  cognitoSource,
  createLocalPool,
  localCognitoClient,
  TRAINEE_ATTRIBUTES,
  traineeAccount,
  traineeAccountCodec,
  traineeKeys,
  type TraineeAccount,
} from "./formr-pool.js";

const PAGE = 60;

/** The users of a pool over HTTP, as the service walks it, at any rate it can. */
export function overHttp(endpoint: string, userPoolId: string): UserSource<TraineeAccount> {
  return cognitoSource({
    client: localCognitoClient(endpoint),
    userPoolId,
    attributes: TRAINEE_ATTRIBUTES,
    toUser: traineeAccount,
    maxCallsPerSecond: 10_000,
  });
}

/** The same users without HTTP: a million of them in seconds. */
export function inProcess(users: number): UserSource<TraineeAccount> {
  const pool = createLocalPool({ users });
  return {
    async *pages() {
      for (let first = 0; first < users; first += PAGE) {
        await turn();
        const count = Math.min(PAGE, users - first);
        const page = Array.from({ length: count }, (_, n) => {
          const { username, attributes } = pool.at(first + n);
          return traineeAccount({ username, attributes: new Map(Object.entries(attributes)) });
        });
        yield first + count < users
          ? { users: page, next: String(first + count) }
          : { users: page };
      }
    },
  };
}

export function traineeCache(
  options: Partial<UserCacheOptions<TraineeAccount>> & {
    readonly source: UserSource<TraineeAccount>;
  },
): UserCache<TraineeAccount> {
  return createUserCache<TraineeAccount>({
    keys: traineeKeys,
    identity: (account) => account.username,
    codec: traineeAccountCodec,
    ttlMs: 3_600_000,
    ...options,
  });
}

export function sharedThrough(url: string, prefix: string) {
  const client = new Redis(url);
  return { client, shared: redisUserSnapshot({ client, prefix }) };
}
