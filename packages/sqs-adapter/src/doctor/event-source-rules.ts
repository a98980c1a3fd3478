import { isFifo, queueName, type QueueFacts } from "../wire/queue-facts.js";
import { error, ok, seconds, warning, type Finding, type Mend } from "./finding.js";
import { awsMend, queueMend } from "./mend.js";
import type { QueueUse } from "./queue-use.js";

/** An event source mapping of AWS Lambda and the function behind it. Absent is what wasn't told. */
export interface EventSourceMapping {
  readonly uuid: string;
  readonly functionName: string;
  /** `Enabled`, `Disabled`, … */
  readonly state?: string | undefined;
  readonly reportsBatchItemFailures: boolean;
  readonly batchSize?: number | undefined;
  readonly batchingWindowMs?: number | undefined;
  /** The most invocations at a time that the mapping makes. */
  readonly maximumConcurrency?: number | undefined;
  readonly hasFilter?: boolean | undefined;
  readonly functionTimeoutMs?: number | undefined;
  readonly reservedConcurrency?: number | undefined;
}

/** What the AWS guide for Lambda and SQS asks for, in timeouts of the function. */
const VISIBILITY_TIMEOUTS = 6;
/** The least that a mapping's maximum concurrency can be. */
const LEAST_CONCURRENCY = 2;

/** Holds the event source mappings of a queue against its settings and its use. */
export function judgeEventSourceMappings(
  mappings: readonly EventSourceMapping[],
  facts: Pick<QueueFacts, "arn" | "visibilityMs">,
  use: QueueUse,
): readonly Finding[] {
  if (use.consumer !== "lambda") return mappings.map((mapping) => secondReader(mapping, use));
  if (mappings.length === 0) return [noMapping(facts.arn ?? "QUEUE_ARN", use)];
  return mappings.flatMap((mapping) => [
    ...answerFindings(mapping),
    ...timeoutFindings(mapping, facts, use),
    ...concurrencyFindings(mapping, use),
    ...filterFindings(mapping, use),
  ]);
}

function secondReader({ uuid, functionName }: EventSourceMapping, { queueUrl }: QueueUse): Finding {
  return error("event-source-mapping-unexpected", {
    message: `the function ${functionName} reads ${queueName(queueUrl)}, too`,
    leadsTo:
      "each message goes to the one or the other; what the function gets isn't handled by this service, and FIFO groups are split",
    mend: awsMend(
      'let one of them read the queue (or say consumer: "lambda", if it is this service\'s)',
      ["lambda", "update-event-source-mapping", "--uuid", uuid, "--no-enabled"],
      { type: "AWS::Lambda::EventSourceMapping", properties: { Enabled: false } },
    ),
  });
}

function noMapping(queueArn: string, { queueUrl }: QueueUse): Finding {
  const properties = {
    EventSourceArn: queueArn,
    FunctionName: "FUNCTION",
    FunctionResponseTypes: ["ReportBatchItemFailures"],
  };
  return error("event-source-mapping-missing", {
    message: `no Lambda function reads ${queueName(queueUrl)}`,
    leadsTo: "nothing is sent",
    mend: awsMend(
      "create an event source mapping",
      [
        ...["lambda", "create-event-source-mapping", "--event-source-arn", queueArn],
        ...["--function-name", "FUNCTION", "--function-response-types", "ReportBatchItemFailures"],
      ],
      { type: "AWS::Lambda::EventSourceMapping", properties },
    ),
  });
}

function answerFindings(mapping: EventSourceMapping): readonly Finding[] {
  const findings: Finding[] = [];
  const { functionName, state } = mapping;
  if (mapping.reportsBatchItemFailures) {
    findings.push(ok("event-source-answers", `${functionName} says which messages failed`));
  } else {
    findings.push(
      error("event-source-answers", {
        message: `the mapping of ${functionName} doesn't report batch item failures`,
        leadsTo:
          "Lambda ignores which messages failed and deletes the whole batch: what was held, deferred or failed is lost",
        mend: mappingMend(mapping, "switch on partial batch responses", {
          FunctionResponseTypes: ["ReportBatchItemFailures"],
        }),
      }),
    );
  }
  if (state !== undefined && /^disabl/i.test(state)) {
    findings.push(
      warning("event-source-disabled", {
        message: `the mapping of ${functionName} is ${state}`,
        leadsTo: "nothing is sent, and messages expire after the queue's retention",
        mend: mappingMend(
          mapping,
          "enable it; to stop sending, exactly-once pause keeps messages",
          {
            Enabled: true,
          },
        ),
      }),
    );
  }
  return findings;
}

function timeoutFindings(
  { functionName, functionTimeoutMs, batchingWindowMs = 0 }: EventSourceMapping,
  { visibilityMs }: Pick<QueueFacts, "visibilityMs">,
  { queueUrl, maxProcessingMs }: QueueUse,
): readonly Finding[] {
  if (functionTimeoutMs === undefined) return [];
  const findings: Finding[] = [];
  const wantedMs = VISIBILITY_TIMEOUTS * functionTimeoutMs + batchingWindowMs;
  if (visibilityMs !== undefined && visibilityMs < wantedMs) {
    const isShort = visibilityMs < functionTimeoutMs + batchingWindowMs;
    findings.push(
      (isShort ? error : warning)("event-source-visibility", {
        message: `${queueName(queueUrl)} hides a message for ${seconds(visibilityMs)}; ${functionName} may take ${seconds(functionTimeoutMs)}${batchingWindowMs > 0 ? ` after ${seconds(batchingWindowMs)} of batching` : ""}`,
        leadsTo: isShort
          ? "messages come again while they are being handled, each time at the cost of a receive"
          : "Lambda retries a throttled batch within the visibility: there is no room for that, and receives are spent",
        mend: queueMend(`raise the visibility to ${VISIBILITY_TIMEOUTS} timeouts`, queueUrl, {
          VisibilityTimeout: Math.ceil(wantedMs / 1_000),
        }),
      }),
    );
  }
  if (functionTimeoutMs < maxProcessingMs) {
    findings.push(
      warning("event-source-timeout", {
        message: `${functionName} ends after ${seconds(functionTimeoutMs)}; a handler may take maxProcessingMs, ${seconds(maxProcessingMs)}`,
        leadsTo: "slow handlers are aborted at the invocation's end and tried again",
        mend: awsMend(
          "raise the function's timeout (900 s at most), or lower maxProcessingMs",
          [
            ...["lambda", "update-function-configuration", "--function-name", functionName],
            ...["--timeout", String(Math.min(900, Math.ceil(maxProcessingMs / 1_000)))],
          ],
          {
            type: "AWS::Lambda::Function",
            properties: { Timeout: Math.min(900, Math.ceil(maxProcessingMs / 1_000)) },
          },
        ),
      }),
    );
  }
  return findings;
}

/**
 * A mapping invokes as often as it finds work: on FIFO, once for each group with messages. What the
 * function's reserved concurrency doesn't allow is throttled, and its messages go back untried.
 */
function concurrencyFindings(mapping: EventSourceMapping, use: QueueUse): readonly Finding[] {
  const { functionName, maximumConcurrency, reservedConcurrency } = mapping;
  if (reservedConcurrency === undefined) return [];
  if (maximumConcurrency !== undefined && maximumConcurrency <= reservedConcurrency) {
    return [ok("event-source-concurrency", "the mapping asks for no more than is reserved")];
  }
  const asks =
    maximumConcurrency === undefined ? "as many as it likes" : String(maximumConcurrency);
  const fifo = isFifo(use.queueUrl)
    ? "; on FIFO it asks once for each group with messages, and a throttled batch holds its groups back"
    : "";
  return [
    (reservedConcurrency === 0 ? error : warning)("event-source-concurrency", {
      message: `${functionName} has ${reservedConcurrency} invocations at a time reserved, and its mapping asks for ${asks}${fifo}`,
      leadsTo:
        "throttled batches go back untried, each at the cost of a receive, until SQS moves them",
      mend: mappingMend(mapping, "limit the mapping to what is reserved, and reserve at least 2", {
        ScalingConfig: { MaximumConcurrency: Math.max(LEAST_CONCURRENCY, reservedConcurrency) },
      }),
    }),
  ];
}

function filterFindings(mapping: EventSourceMapping, { queueUrl }: QueueUse): readonly Finding[] {
  if (mapping.hasFilter !== true) return [];
  return [
    warning("event-source-filter", {
      message: `the mapping of ${mapping.functionName} filters the messages of ${queueName(queueUrl)}`,
      leadsTo: "Lambda deletes what doesn't match: no record, no dead letter, no event",
      mend: mappingMend(mapping, "filter in select or in a handler with ctx.skip instead", {
        FilterCriteria: { Filters: [] },
      }),
    }),
  ];
}

function mappingMend(
  { uuid }: EventSourceMapping,
  text: string,
  properties: Readonly<Record<string, unknown>>,
): Mend {
  const flags = Object.entries(properties).flatMap(([name, value]) => {
    const flag = `--${name.replace(/(?!^)[A-Z]/g, (letter) => `-${letter}`).toLowerCase()}`;
    if (value === true) return [flag];
    if (Array.isArray(value)) return [flag, ...(value as readonly string[])];
    return [flag, value as object];
  });
  return awsMend(text, ["lambda", "update-event-source-mapping", "--uuid", uuid, ...flags], {
    type: "AWS::Lambda::EventSourceMapping",
    properties,
  });
}
