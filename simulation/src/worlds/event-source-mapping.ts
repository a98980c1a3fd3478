import type { MessageQueue } from "@exactly-once/core";
import type { QueueMessage } from "@exactly-once/core/ports";
import type { LambdaSqsRecord } from "@exactly-once/sqs-adapter";
import type { Site } from "../kernel/decisions.js";
import type { Life } from "../kernel/host.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Answer, LambdaFunction } from "./lambda-function.js";

export interface EventSourceMappingOptions {
  readonly kernel: Kernel;
  readonly life: Life;
  readonly queue: MessageQueue;
  readonly target: LambdaFunction;
  readonly fifo: boolean;
  readonly batchSize: number;
  /** Batches that it reads, and has invoked, at a time. */
  readonly pollers: number;
  /** The queue's own, which a mapping can't choose, ms. */
  readonly visibilityMs: number;
  readonly faults: MappingFaults;
}

/** "Event source mappings process each event at least once": what that allows it to do. */
export interface MappingFaults {
  /** The function's answer doesn't reach it: nothing is deleted. */
  readonly answerLost: Site;
  /** It invokes the function with the same batch once more. On a FIFO queue it keeps to the order. */
  readonly invokedAgain: Site;
}

const WAIT_MS = 20_000;
const ANSWER_MS = 5;
/** How often a throttled invocation is tried again, and a queue that can't be read, ms. */
const AGAIN_MS = 500;

/**
 * AWS's event source mapping of an SQS queue with `ReportBatchItemFailures`, as the Lambda developer
 * guide describes it: reads with the queue's own visibility, invokes with one batch per FIFO group at a
 * time, tries a throttled invocation again until the visibility has passed, and deletes what the
 * answer doesn't name as failed. What failed it leaves to its visibility.
 */
export function startEventSourceMapping(options: EventSourceMappingOptions): void {
  const { kernel, life, queue, target, visibilityMs, faults } = options;
  const { clock } = life;
  const busyGroups = new Set<string>();

  async function poll(): Promise<void> {
    for (;;) {
      const messages = await receive();
      if (messages.length > 0) await handle(messages);
    }
  }

  async function receive(): Promise<readonly QueueMessage[]> {
    try {
      return await queue.receive({ max: options.batchSize, visibilityMs, waitMs: WAIT_MS });
    } catch {
      await clock.sleep(AGAIN_MS);
      return [];
    }
  }

  async function handle(messages: readonly QueueMessage[]): Promise<void> {
    const answer = await invokeInTurn(messages, kernel.now + visibilityMs);
    const done = faults.answerLost.next() > 0 ? [] : succeeded(messages, answer);
    // What can't be deleted comes back, and that is all that happens.
    if (done.length > 0) await queue.acknowledge(done).catch(() => undefined);
  }

  /** Waits for the batch's groups and for a sandbox; drops the batch once its visibility has passed. */
  async function invokeInTurn(messages: readonly QueueMessage[], until: number): Promise<Answer> {
    const groups = options.fifo ? [...new Set(messages.map(({ groupId = "" }) => groupId))] : [];
    const records = messages.map(toRecord);
    while (kernel.now < until) {
      if (!groups.some((group) => busyGroups.has(group))) {
        for (const group of groups) busyGroups.add(group);
        const answering = invoke(records);
        if (answering && !options.fifo && faults.invokedAgain.next() > 0) void invoke(records);
        const answer = answering && (await answering);
        for (const group of groups) busyGroups.delete(group);
        if (answering) return answer;
      }
      await clock.sleep(AGAIN_MS);
    }
    return undefined;
  }

  /** Absent where the invocation is throttled. */
  function invoke(records: readonly LambdaSqsRecord[]): Promise<Answer> | undefined {
    let tell: (answer: Answer) => void = () => undefined;
    const answering = new Promise<Answer>((resolve) => (tell = resolve));
    const onEnd = (answer: Answer): void => {
      kernel.schedule(kernel.now + ANSWER_MS, () => tell(answer), life);
    };
    return target.invoke(records, onEnd) ? answering : undefined;
  }

  for (let poller = 0; poller < options.pollers; poller += 1) void poll();
}

/** An answer that names what isn't in the batch is taken for a failure of the whole batch. */
function succeeded(messages: readonly QueueMessage[], answer: Answer): readonly QueueMessage[] {
  if (answer === undefined) return [];
  const failed = new Set(answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
  const known = new Set(messages.map(({ id }) => id));
  if ([...failed].some((id) => !known.has(id))) return [];
  return messages.filter(({ id }) => !failed.has(id));
}

function toRecord({ id, handle, body, ...message }: QueueMessage): LambdaSqsRecord {
  return {
    messageId: id,
    receiptHandle: handle,
    body,
    attributes: {
      ApproximateReceiveCount: String(message.receiveCount),
      SentTimestamp: String(message.sentAt),
      ...(message.groupId === undefined ? {} : { MessageGroupId: message.groupId }),
    },
    messageAttributes: Object.fromEntries(
      Object.entries(message.attributes).map(([name, stringValue]) => [
        name,
        { dataType: "String", stringValue },
      ]),
    ),
  };
}
