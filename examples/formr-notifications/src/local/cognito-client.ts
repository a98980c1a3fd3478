import { CognitoIdentityProviderClient } from "@aws-sdk/client-cognito-identity-provider";

/** A client for a local Cognito, which takes any credentials. It never repeats a call by itself. */
export function localCognitoClient(endpoint: string): CognitoIdentityProviderClient {
  return new CognitoIdentityProviderClient({
    endpoint,
    region: "eu-west-2",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
    maxAttempts: 1,
  });
}
