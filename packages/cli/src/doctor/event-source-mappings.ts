import {
  GetFunctionConcurrencyCommand,
  GetFunctionConfigurationCommand,
  ListEventSourceMappingsCommand,
  type EventSourceMappingConfiguration,
  type LambdaClient,
} from "@aws-sdk/client-lambda";
import type { EventSourceMapping } from "@exactly-once/sqs-adapter";

/** The event source mappings of a queue, each with what is known of its function. */
export async function readEventSourceMappings(
  client: LambdaClient,
  queueArn: string,
): Promise<readonly EventSourceMapping[]> {
  const found: EventSourceMappingConfiguration[] = [];
  let Marker: string | undefined;
  do {
    const page = await client.send(
      new ListEventSourceMappingsCommand({ EventSourceArn: queueArn, Marker }),
    );
    found.push(...(page.EventSourceMappings ?? []));
    Marker = page.NextMarker;
  } while (Marker !== undefined && Marker !== "");
  return Promise.all(found.map((mapping) => withFunction(client, mapping)));
}

async function withFunction(
  client: LambdaClient,
  mapping: EventSourceMappingConfiguration,
): Promise<EventSourceMapping> {
  const { FunctionArn = "", FunctionResponseTypes = [], ScalingConfig, FilterCriteria } = mapping;
  const FunctionName = FunctionArn;
  // What may not be read of the function is left out: the mapping's own settings still tell.
  const [configuration, concurrency] = await Promise.all([
    client.send(new GetFunctionConfigurationCommand({ FunctionName })).catch(() => undefined),
    client
      .send(new GetFunctionConcurrencyCommand({ FunctionName: nameOf(FunctionArn) }))
      .catch(() => undefined),
  ]);
  const timeout = configuration?.Timeout;
  const window = mapping.MaximumBatchingWindowInSeconds;
  return {
    uuid: mapping.UUID ?? "",
    functionName: nameOf(FunctionArn),
    state: mapping.State,
    reportsBatchItemFailures: FunctionResponseTypes.includes("ReportBatchItemFailures"),
    batchSize: mapping.BatchSize,
    batchingWindowMs: window === undefined ? undefined : window * 1_000,
    maximumConcurrency: ScalingConfig?.MaximumConcurrency,
    hasFilter: (FilterCriteria?.Filters ?? []).length > 0,
    functionTimeoutMs: timeout === undefined ? undefined : timeout * 1_000,
    reservedConcurrency: concurrency?.ReservedConcurrentExecutions,
  };
}

/** `arn:aws:lambda:REGION:ACCOUNT:function:NAME[:VERSION]`. */
function nameOf(arn: string): string {
  return arn.split(":")[6] ?? arn;
}
