import { CognitoIdentityProviderClient } from "@aws-sdk/client-cognito-identity-provider";
import {
  createUserCache,
  type SharedSnapshot,
  type UserCache,
  type UserCacheObserver,
} from "@exactly-once/core/user-cache";
import { cognitoSource } from "./cognito/cognito-source.js";
import {
  TRAINEE_ATTRIBUTES,
  traineeAccount,
  traineeAccountCodec,
  traineeKeys,
  type TraineeAccount,
} from "./cognito/trainee-account.js";
import type { Config } from "./config.js";

export interface TraineeUsers {
  readonly cache: UserCache<TraineeAccount>;
  stop(): Promise<void>;
}

/** The accounts of all trainees, by trainee, kept fresh beside the messages. */
export function traineeUsers(
  config: Config,
  observe: UserCacheObserver,
  shared: SharedSnapshot | undefined,
): TraineeUsers {
  const { region, userPoolId, endpoints } = config;
  const client = new CognitoIdentityProviderClient({
    region,
    maxAttempts: 1,
    ...(endpoints.cognito === undefined ? {} : { endpoint: endpoints.cognito }),
  });
  const cache = createUserCache<TraineeAccount>({
    source: cognitoSource<TraineeAccount>({
      client,
      userPoolId,
      attributes: TRAINEE_ATTRIBUTES,
      toUser: traineeAccount,
      maxCallsPerSecond: config.cognitoCallsPerSecond,
    }),
    keys: traineeKeys,
    identity: (account) => account.username,
    codec: traineeAccountCodec,
    ttlMs: config.userCacheTtlMs,
    minIntervalMs: config.userCacheMinIntervalMs,
    listingDelayMs: config.userCacheListingDelayMs,
    observe,
    ...(shared === undefined ? {} : { shared }),
  });
  return {
    cache,
    async stop() {
      await cache.stop();
      client.destroy();
    },
  };
}
