import { PermanentError } from "../errors.js";
import type { QueueMessage } from "../ports/index.js";

/**
 * Turns a message's body into a decoded event. Throwing `PermanentError` dead-letters the message;
 * anything else thrown is a fault that is retried, such as a claim-check object that can't be
 * fetched just now.
 */
export type Decoder = (body: string, message: QueueMessage) => unknown;

/** The body is JSON. */
export function json(): Decoder {
  return (body) => {
    try {
      return JSON.parse(body) as unknown;
    } catch (cause) {
      // The parser's message quotes the body, which may be personal data.
      throw new PermanentError("The message body isn't JSON.", { cause });
    }
  };
}

/** The body is an SNS envelope (delivery that isn't raw) around what `inner` decodes. */
export function sns(inner: Decoder): Decoder {
  return async (body, message) => {
    const envelope = await json()(body, message);
    if (!isObject(envelope) || typeof envelope["Message"] !== "string") {
      throw new PermanentError('The body isn\'t an SNS envelope: it has no "Message" text.');
    }
    return inner(envelope["Message"], message);
  };
}

/** The body is an EventBridge event: decodes to its `detail`. */
export function eventBridge(): Decoder {
  return async (body, message) => {
    const envelope = await json()(body, message);
    if (!isObject(envelope) || !("detail" in envelope) || !("detail-type" in envelope)) {
      throw new PermanentError('The body isn\'t an EventBridge event: "detail" is missing.');
    }
    return envelope["detail"];
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
