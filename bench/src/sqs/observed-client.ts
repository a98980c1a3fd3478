import {
  SQSClient,
  type DeleteMessageBatchCommandInput,
  type DeleteMessageCommandInput,
  type ReceiveMessageCommandOutput,
  type SQSClientConfig,
} from "@aws-sdk/client-sqs";
import { credentials, region } from "./server.js";

export interface ObservedClient {
  readonly client: SQSClient;
  /** Messages whose delete was confirmed. */
  readonly deleted: number;
  /** Requests put on the wire, the SDK's own retries included. */
  readonly attempts: number;
  /** Milliseconds from each message's receipt to its confirmed delete. */
  readonly latencies: readonly number[];
  /** Resolves once so many were deleted. */
  untilDeleted(messages: number): Promise<void>;
}

export type MakeClient = (config: SQSClientConfig) => SQSClient;

/**
 * An SDK client that tells what goes through it. With the SDK's defaults, unless the contender's
 * documentation has a client of its own made.
 */
export function createObservedClient(
  endpoint: string,
  make: MakeClient = (config) => new SQSClient(config),
): ObservedClient {
  const client = make({ endpoint, region, credentials });
  const receivedAt = new Map<string, number>();
  const latencies: number[] = [];
  let deleted = 0;
  let attempts = 0;
  let target = Infinity;
  let reached: () => void = () => undefined;

  function onReceived(output: ReceiveMessageCommandOutput): void {
    const now = performance.now();
    for (const { ReceiptHandle } of output.Messages ?? []) receivedAt.set(ReceiptHandle ?? "", now);
  }

  function onDeleted(handle: string | undefined): void {
    const since = receivedAt.get(handle ?? "");
    if (since === undefined) return;
    receivedAt.delete(handle ?? "");
    latencies.push(performance.now() - since);
    deleted += 1;
    if (deleted >= target) reached();
  }

  client.middlewareStack.add(
    (next, context) => async (args) => {
      const result = await next(args);
      const output = result.output as unknown;
      const { commandName } = context as { readonly commandName?: string };
      if (commandName === "ReceiveMessageCommand") {
        onReceived(output as ReceiveMessageCommandOutput);
      } else if (commandName === "DeleteMessageCommand") {
        onDeleted((args.input as DeleteMessageCommandInput).ReceiptHandle);
      } else if (commandName === "DeleteMessageBatchCommand") {
        const { Entries = [] } = args.input as DeleteMessageBatchCommandInput;
        for (const { ReceiptHandle } of Entries) onDeleted(ReceiptHandle);
      }
      return result;
    },
    { step: "initialize", name: "observe" },
  );
  client.middlewareStack.add(
    (next) => (args) => {
      attempts += 1;
      return next(args);
    },
    { step: "deserialize", name: "countAttempts", priority: "low" },
  );

  return {
    client,
    get deleted() {
      return deleted;
    },
    get attempts() {
      return attempts;
    },
    latencies,
    untilDeleted: (messages) =>
      new Promise((resolve) => {
        target = messages;
        reached = resolve;
        if (deleted >= messages) resolve();
      }),
  };
}
