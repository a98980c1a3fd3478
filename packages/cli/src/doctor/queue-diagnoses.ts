import {
  inspectQueue,
  judgeEventSourceMappings,
  readQueueFacts,
  type Finding,
  type QueueUse,
  type UserWalk,
} from "@exactly-once/sqs-adapter";
import type { Context } from "../cli-command.js";
import { chosenQueue } from "../queues.js";
import type { QueueSettings } from "../settings.js";
import {
  asked,
  isDenied,
  notPermitted,
  reached,
  unavailable,
  type Diagnosis,
} from "./diagnosis.js";
import { readEventSourceMappings } from "./event-source-mappings.js";
import { measureUserPool } from "./user-pool.js";

const CALL_TIMEOUT_MS = 10_000;

/** Each queue of the configuration, or the one that was asked for. */
export async function queueDiagnoses(
  context: Context,
  only: string | undefined,
): Promise<readonly Diagnosis[]> {
  const { queues } = context.settings;
  const chosen =
    only === undefined
      ? Object.entries(queues)
      : [[only, chosenQueue(context.settings, only)] as const];
  const diagnoses: Diagnosis[] = [];
  for (const [name, queue] of chosen) {
    const { walk, findings } = await readWalk(context, queue);
    diagnoses.push({
      subject: `queue ${name}`,
      findings: [
        ...(await settingsFindings(context, queue, walk)),
        ...(await mappingFindings(context, queue)),
        ...findings,
      ],
    });
  }
  return diagnoses;
}

async function settingsFindings(
  context: Context,
  { url, maxProcessingMs, holdForMs, maxTries, consumer }: QueueSettings,
  walk: UserWalk | undefined,
): Promise<readonly Finding[]> {
  const client = await context.sqs();
  const { doneRetentionMs } = context.settings;
  return reached("queue-unavailable", "SQS", () =>
    inspectQueue({
      ...{ client, queueUrl: url, maxProcessingMs, doneRetentionMs, consumer },
      ...{ holdForMs, maxTries, walk },
    }),
  );
}

/** Only a queue that Lambda is said to read needs the permission to ask; of another a second reader is told. */
async function mappingFindings(
  context: Context,
  queue: QueueSettings,
): Promise<readonly Finding[]> {
  const client = await context.sqs();
  const address = { client, queueUrl: queue.url, callTimeoutMs: CALL_TIMEOUT_MS };
  const facts = await readQueueFacts(address).catch(() => undefined);
  // Both are findings of the queue's settings already.
  if (facts === undefined || facts === "denied" || facts.arn === undefined) return [];
  const { arn } = facts;
  const { maxProcessingMs, consumer } = queue;
  const { doneRetentionMs } = context.settings;
  const use: QueueUse = { queueUrl: queue.url, consumer, maxProcessingMs, doneRetentionMs };
  const judge = async () =>
    judgeEventSourceMappings(
      await readEventSourceMappings(await context.lambda(), arn),
      facts,
      use,
    );
  if (consumer !== "lambda") return judge().catch(() => []);
  const action = "lambda:ListEventSourceMappings";
  return asked({ code: "event-source", action, service: "Lambda" }, judge);
}

async function readWalk(
  context: Context,
  { walksUserPool, walkMsPerPage }: QueueSettings,
): Promise<{ readonly walk?: UserWalk; readonly findings: readonly Finding[] }> {
  if (walksUserPool === undefined) return { findings: [] };
  try {
    const client = await context.cognito();
    return { walk: await measureUserPool(client, walksUserPool, walkMsPerPage), findings: [] };
  } catch (fault) {
    const finding = isDenied(fault)
      ? notPermitted("user-pool-unreadable", "cognito-idp:DescribeUserPool")
      : unavailable("user-pool-unavailable", "Cognito", fault);
    return { findings: [finding] };
  }
}
