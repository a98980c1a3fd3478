// One fresh stack in a process of its own: SQS, SNS, SES and Cognito.
import { startLocalStack } from "../local/stack.js";
import { MAX_RECEIVES, REAL, scaledMs } from "./scale.js";
import { stackSettings, type StackFacts } from "./stack-facts.js";

const { users, poolSeed, pageLatencyMs } = stackSettings.parse(JSON.parse(process.argv[2] ?? ""));

const stack = await startLocalStack({
  queues: {
    visibilitySeconds: scaledMs(REAL.visibilitySeconds) / 1_000,
    maxReceiveCount: MAX_RECEIVES,
  },
  cognito: { users, seed: poolSeed, pageLatencyMs },
});
const facts: StackFacts = {
  env: stack.env,
  ses: stack.ses.endpoint,
  cognito: stack.cognito.endpoint,
  sqs: stack.awsEndpoint,
  queues: { "form-updated": stack.formUpdated, "credential-revoked": stack.credentialRevoked },
};
process.stdout.write(`${JSON.stringify(facts)}\n`);

// Ends with whoever started it, however that one ends.
process.stdin.on("end", () => process.exit(0)).resume();
