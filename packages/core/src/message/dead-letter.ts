import type {
  Burial,
  BuryReply,
  DeadLetterReply,
  MessageQueue,
  QueueMessage,
} from "../ports/index.js";
import type { RunEnvironment } from "../run/run.js";
import {
  afterBurial,
  afterCopy,
  type Action,
  type Facts,
  type FinalAction,
  type Told,
} from "./conclude.js";
import type { DeadLetter } from "./disposition.js";
import type { MessageInHand } from "./message-in-hand.js";

export interface DeadLettering<Message extends MessageInHand> {
  readonly env: RunEnvironment;
  readonly queue: MessageQueue;
  /** Asked anew for each step, since time passes. */
  readonly factsOf: (message: Message) => Facts;
  readonly tell: (message: Message, told: Told) => void;
}

/** Buries the record and copies the message, as far as it comes; returns what remains to be done. */
export async function deadLetter<Message extends MessageInHand>(
  { env, queue, factsOf, tell }: DeadLettering<Message>,
  message: Message,
  first: Action,
): Promise<FinalAction> {
  for (let action = first; ;) {
    const { lease } = message;
    if (action.kind === "bury") {
      const reply = await buryRecord(env, message, action.letter);
      if (reply === "dead" || reply === "done") lease.unbindClaim();
      action = afterBurial(action.letter, reply, factsOf(message));
    } else if (action.kind === "copy") {
      const reply = await copy(queue, lease.message, action.letter);
      const after = afterCopy(action.letter, reply, factsOf(message));
      if (after.tell) tell(message, after.tell);
      action = after.action;
    } else {
      return action;
    }
  }
}

/**
 * Marks the message's record dead, through an outage of the store for as long as this process lives.
 * A claim of the message's own goes along: a live claim of anyone else is `busy`.
 */
async function buryRecord(
  env: RunEnvironment,
  { admitted, lease }: MessageInHand,
  { code, text }: DeadLetter,
): Promise<BuryReply | { readonly unanswered: unknown }> {
  // Without a key there is no record.
  if (!admitted) return "dead";
  const { claim, message } = lease;
  const burial: Burial = {
    key: admitted.key.digest,
    keyText: admitted.key.text,
    pipeline: admitted.pipeline.name,
    messageId: message.id,
    reason: `${code}: ${text}`,
    ...(claim ? { claim: { owner: claim.owner, fence: claim.fence } } : {}),
  };
  try {
    return await env.committer.commit(() => env.store.bury(burial));
  } catch (unanswered) {
    return { unanswered };
  }
}

async function copy(
  queue: MessageQueue,
  message: QueueMessage,
  { code, text, attemptIds }: DeadLetter,
): Promise<DeadLetterReply> {
  try {
    return await queue.deadLetter(message, { code, text, attemptIds });
  } catch (error) {
    return { failed: error instanceof Error ? error.message : "unknown" };
  }
}
