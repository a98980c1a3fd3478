import { childInput, tell } from "./child.js";
import { createLocalCognito } from "./formr-pool.js";

/** A local Cognito in a process of its own. */
export interface CognitoInput {
  readonly users: number;
  readonly pageLatencyMs: number;
}

export interface CognitoMessage {
  readonly endpoint: string;
  readonly userPoolId: string;
}

const { endpoint, userPoolId } = await createLocalCognito(childInput<CognitoInput>());
tell({ endpoint, userPoolId } satisfies CognitoMessage);
