import {
  DeleteMessageCommand,
  ReceiveMessageCommand,
  type Message,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { setTimeout as sleep } from "node:timers/promises";

export interface QueueListenerOptions {
  readonly client: SQSClient;
  readonly queueUrl: string;
  /** Resolves when the message has been dealt with; throws to have it again later. */
  readonly handle: (body: unknown) => Promise<void>;
}

/** Handlers at a time, for each queue. */
const MAX_HANDLERS = 20;
/** Messages a receive asks for; SQS gives no more than ten. */
const MAX_RECEIVED = 10;
const LONG_POLL_SECONDS = 1;
const PAUSE_AFTER_FAULT_MS = 500;

/** Receives messages, hands each to a handler, and deletes it when the handler has succeeded. */
export function listenToQueue({ client, queueUrl, handle }: QueueListenerOptions) {
  const running = new Set<Promise<void>>();
  let stopping = false;

  async function process(message: Message): Promise<void> {
    try {
      await handle(JSON.parse(message.Body ?? ""));
      await client.send(
        new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle: message.ReceiptHandle }),
      );
    } catch (error) {
      console.error(`Message ${message.MessageId} failed and will be received again:`, error);
    }
  }

  async function receive(): Promise<void> {
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({
        QueueUrl: queueUrl,
        MaxNumberOfMessages: Math.min(MAX_RECEIVED, MAX_HANDLERS - running.size),
        WaitTimeSeconds: LONG_POLL_SECONDS,
      }),
    );
    for (const message of Messages) {
      const handling = process(message).finally(() => running.delete(handling));
      running.add(handling);
    }
  }

  async function listen(): Promise<void> {
    while (!stopping) {
      if (running.size >= MAX_HANDLERS) await Promise.race(running);
      try {
        await receive();
      } catch (error) {
        console.error("Receiving failed:", error);
        await sleep(PAUSE_AFTER_FAULT_MS);
      }
    }
  }

  const listening = listen();
  return {
    /** Receives nothing more and waits for the handlers that run. */
    async stop(): Promise<void> {
      stopping = true;
      await listening;
      await Promise.all(running);
    },
  };
}
