import type {
  DeadLetterReason,
  DeadLetterReply,
  QueueDescription,
  QueueMessage,
} from "@exactly-once/core/ports";

import { sendDeadLetter } from "../dead-letters/dead-letter.js";
import {
  isFifo,
  queueName,
  readQueueFacts,
  resolveQueueUrl,
  type QueueAddress,
} from "../wire/queue-facts.js";

/** Where dead letters go, or what has to be mended before they can go anywhere. */
type DeadLetterTarget = string | { readonly denied: string };

/**
 * What a queue says about itself, asked for once: its description, and where its dead letters go. A
 * failure to ask isn't kept, and neither is a target that didn't take a letter: a policy, a queue or a
 * permission may have been put right since.
 */
export class KnownQueue {
  readonly #address: QueueAddress;
  /** Given by the user, instead of the one that the redrive policy names. */
  readonly #deadLetterQueueUrl: string | undefined;
  readonly #facts = new Remembered(() => readQueueFacts(this.#address));
  readonly #target = new Remembered(() => this.#findTarget());

  constructor(address: QueueAddress, deadLetterQueueUrl: string | undefined) {
    this.#address = address;
    this.#deadLetterQueueUrl = deadLetterQueueUrl;
  }

  async describe(): Promise<QueueDescription> {
    const { queueUrl } = this.#address;
    const facts = await this.#facts.get();
    const known = facts === "denied" ? undefined : facts;
    const deadLetter = this.#deadLetterQueueUrl ?? known?.redrive?.arn;
    return {
      name: queueName(queueUrl),
      fifo: isFifo(queueUrl),
      ...(known === undefined ? { unreadable: unreadable(queueUrl) } : {}),
      ...(known?.visibilityMs === undefined ? {} : { visibilityMs: known.visibilityMs }),
      ...(known?.retentionMs === undefined ? {} : { retentionMs: known.retentionMs }),
      ...(deadLetter === undefined
        ? {}
        : {
            deadLetter: {
              name: queueName(deadLetter),
              maxReceiveCount: known?.redrive?.maxReceiveCount ?? Infinity,
            },
          }),
    };
  }

  async deadLetter(message: QueueMessage, reason: DeadLetterReason): Promise<DeadLetterReply> {
    let target = await this.#target.get();
    if (typeof target === "object") {
      this.#target.forget();
      this.#facts.forget();
      target = await this.#target.get();
    }
    if (typeof target === "object") return target;
    const { client, callTimeoutMs } = this.#address;
    const facts = await this.#facts.get();
    const sourceArn = facts === "denied" ? undefined : facts.arn;
    const to = { client, queueUrl: target, sourceArn, callTimeoutMs };
    const reply = await sendDeadLetter(message, reason, to);
    if (reply !== "copied") this.#target.forget();
    return reply;
  }

  async #findTarget(): Promise<DeadLetterTarget> {
    if (this.#deadLetterQueueUrl !== undefined) return this.#deadLetterQueueUrl;
    const { queueUrl } = this.#address;
    const facts = await this.#facts.get();
    if (facts === "denied") return { denied: unreadable(queueUrl) };
    if (facts.redrive === undefined) {
      const name = queueName(queueUrl);
      return { denied: `${name} has no redrive policy: set one with a dead-letter queue` };
    }
    const { arn } = facts.redrive;
    const url = await resolveQueueUrl(this.#address, arn);
    return url ?? { denied: `${arn} doesn't exist: create it, or correct the redrive policy` };
  }
}

function unreadable(queueUrl: string): string {
  return `${queueName(queueUrl)} may not be looked at: grant sqs:GetQueueAttributes on it, or pass deadLetterQueueUrl`;
}

/** Asks once for all callers; an answer is kept until it is forgotten, a failure isn't kept. */
class Remembered<Value> {
  readonly #ask: () => Promise<Value>;
  #asked: Promise<Value> | undefined;

  constructor(ask: () => Promise<Value>) {
    this.#ask = ask;
  }

  get(): Promise<Value> {
    this.#asked ??= this.#ask().catch((error: unknown) => {
      this.#asked = undefined;
      throw error;
    });
    return this.#asked;
  }

  forget(): void {
    this.#asked = undefined;
  }
}
