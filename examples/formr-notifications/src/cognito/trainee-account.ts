import { fieldsCodec, type UserCodec } from "@exactly-once/core/user-cache";
import type { CognitoUser } from "./cognito-source.js";

/** What a notification needs of an account. Whatever the account lacks is missing here too. */
export interface TraineeAccount {
  /** Unique within the pool. */
  readonly username: string;
  readonly traineeId?: string;
  readonly email?: string;
  readonly familyName?: string;
  readonly givenName?: string;
}

const TRAINEE_ID = "custom:tisId";

/** The Cognito attributes an account is made of. */
export const TRAINEE_ATTRIBUTES = [TRAINEE_ID, "email", "family_name", "given_name"] as const;

export function traineeAccount({ username, attributes }: CognitoUser): TraineeAccount {
  const traineeId = attributes.get(TRAINEE_ID);
  const email = attributes.get("email");
  const familyName = attributes.get("family_name");
  const givenName = attributes.get("given_name");
  return {
    username,
    ...(traineeId && { traineeId }),
    ...(email && { email }),
    ...(familyName && { familyName }),
    ...(givenName && { givenName }),
  };
}

/** Accounts are looked up by trainee. Several accounts may be one trainee's. */
export function traineeKeys(account: TraineeAccount): readonly string[] {
  return account.traineeId === undefined ? [] : [account.traineeId];
}

export const traineeAccountCodec: UserCodec<TraineeAccount> = fieldsCodec<TraineeAccount>([
  "username",
  "traineeId",
  "email",
  "familyName",
  "givenName",
]);
