import { readConfig } from "../config.js";
import { createLogger } from "../logging/logger.js";
import { onTermination } from "../on-termination.js";
import { startService } from "../service.js";
import { sampleForm } from "./sample-events.js";
import { startLocalStack } from "./stack.js";
import { startSubmitEndpoint } from "./submit-endpoint.js";

const stack = await startLocalStack();
const producers = await startSubmitEndpoint(stack);
Object.assign(process.env, stack.env);
const config = readConfig({ ...process.env, LOG_LEVEL: process.env["LOG_LEVEL"] ?? "warn" });
const logger = createLogger(config.logLevel);
const service = startService(config, logger);

onTermination(
  async () => {
    await service.stop();
    await producers.close();
    await stack.close();
  },
  { logger, deadlineMs: config.drainMs + 5_000 },
);

const { url } = await service.started;
await stack.submitForm(sampleForm());

console.log(`
The notification service runs on a local stack (SQS, SNS, SES, GOV.UK Notify and Cognito, all in this process).
A first form has been submitted. Ctrl-C stops everything.

  Read the mail      ${config.sender === "notify" ? stack.notify.endpoint : stack.ses.endpoint}
  Health             ${url}/health
  What was sent      ${url}/trainees/100000/notifications

Submit a form:

  curl -X POST ${producers.url}/forms -d '{"traineeId":"100001","formType":"formr-b","lifecycleState":"SUBMITTED"}'

  States: DRAFT, SUBMITTED, UNSUBMITTED, APPROVED, REJECTED, WITHDRAWN, DELETED.
  Trainees: 100000 to 100499. Fields that are left out take a sample's value.

Revoke a credential:

  curl -X POST ${producers.url}/credentials -d '{"traineeId":"100002","credentialType":"Training Programme"}'
`);
