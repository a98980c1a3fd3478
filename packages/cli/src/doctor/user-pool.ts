import {
  DescribeUserPoolCommand,
  type CognitoIdentityProviderClient,
} from "@aws-sdk/client-cognito-identity-provider";
import type { UserWalk } from "@exactly-once/sqs-adapter";

/** The most users that `ListUsers` answers with. */
const PAGE = 60;

/** How long a walk through a pool takes, by what Cognito estimates its users to be. */
export async function measureUserPool(
  client: CognitoIdentityProviderClient,
  userPoolId: string,
  msPerPage: number,
): Promise<UserWalk> {
  const { UserPool } = await client.send(new DescribeUserPoolCommand({ UserPoolId: userPoolId }));
  const users = UserPool?.EstimatedNumberOfUsers ?? 0;
  return { userPoolId, users, ms: Math.ceil(users / PAGE) * msPerPage };
}
