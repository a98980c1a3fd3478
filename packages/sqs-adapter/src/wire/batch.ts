import type { QueueReply } from "@exactly-once/core/ports";

import { answeredError, entryReply, isAboutAnEntry } from "./sqs-error.js";

const BATCH_LIMIT = 10;

/** The answer of every SQS batch action. */
interface BatchAnswer {
  readonly Successful?: readonly { readonly Id?: string | undefined }[] | undefined;
  readonly Failed?:
    | readonly {
        readonly Id?: string | undefined;
        readonly Code?: string | undefined;
        readonly Message?: string | undefined;
        readonly SenderFault?: boolean | undefined;
      }[]
    | undefined;
}

export interface BatchEntry<Item> {
  /**
   * The item's position. A message id would not do: one batch may hold two deliveries of the same
   * message, and SQS refuses a batch whose ids repeat.
   */
  readonly Id: string;
  readonly item: Item;
}

/**
 * Runs one batch action and answers item by item, in order. An entry that SQS mentions neither as
 * successful nor as failed has failed. Where a whole call is refused because of one entry, each
 * entry is asked for alone, so that it costs nobody else the lease.
 */
export async function batchReplies<Item>(
  items: readonly Item[],
  call: (entries: readonly BatchEntry<Item>[]) => Promise<BatchAnswer>,
): Promise<readonly QueueReply[]> {
  if (items.length > BATCH_LIMIT) {
    throw new RangeError(`at most ${BATCH_LIMIT} items a batch, not ${items.length}`);
  }
  if (items.length === 0) return [];
  try {
    return toReplies(items, await call(items.map((item, index) => ({ Id: String(index), item }))));
  } catch (fault) {
    if (!isAboutAnEntry(fault)) throw fault;
    const error = answeredError(fault);
    if (items.length === 1 && error !== undefined) return [entryReply(error)];
    const alone = await Promise.all(items.map((item) => batchReplies([item], call)));
    return alone.flat();
  }
}

function toReplies(items: readonly unknown[], answer: BatchAnswer): readonly QueueReply[] {
  const replies: QueueReply[] = items.map(() => ({ failed: "noAnswer: SQS did not mention it" }));
  const put = (id: string | undefined, reply: QueueReply) => {
    const index = Number(id ?? Number.NaN);
    if (index in replies) replies[index] = reply;
  };
  for (const { Id } of answer.Successful ?? []) put(Id, "ok");
  for (const { Id, Code, Message, SenderFault } of answer.Failed ?? []) {
    put(Id, entryReply({ code: Code ?? "", message: Message ?? "", senderFault: SenderFault }));
  }
  return replies;
}
