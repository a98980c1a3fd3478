import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";

/** What the store uses of a `DynamoDBClient` of the AWS SDK. */
export type DynamodbClient = Pick<DynamoDBClient, "send">;
