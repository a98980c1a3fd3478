import { PermanentError } from "../errors.js";
import { optionsOf } from "../options.js";
import type { QueueMessage } from "../ports/index.js";
import { parseJson, type BigNumbers } from "./big-numbers.js";
import { inEnvelope, type Enveloped } from "./envelope.js";

/**
 * Turns a message's body into a decoded event. Throwing `PermanentError` dead-letters the message;
 * anything else thrown is a fault that is retried, such as a claim-check object that can't be
 * fetched just now.
 *
 * A decoder of your own may answer with `inEnvelope(event, { … })` to tell the event's id and time.
 */
export interface Decoder {
  (body: string, message: QueueMessage): unknown;
  /**
   * That it looks at integers beyond 2^53 itself. What a decoder without this answers is searched for
   * them, since `JSON.parse` has changed their last digits by then: such a message is dead-lettered.
   */
  readonly bigNumbers?: BigNumbers | undefined;
}

/** How JSON is read. */
export interface JsonOptions {
  /** What becomes of integers beyond 2^53. Default `refuse`. */
  readonly bigNumbers?: BigNumbers | undefined;
}

/**
 * The body is JSON.
 *
 * @example
 * ```ts
 * // Ids beyond 2^53 arrive as text, smaller ones as numbers: `z.coerce.string()` takes both.
 * createConsumer({ …, decode: json({ bigNumbers: "string" }) });
 * ```
 * @throws ConfigurationError for an option that is none
 */
export function json(options: JsonOptions = {}): Decoder {
  const bigNumbers = checkedBigNumbers("json", options);
  return Object.assign((body: string) => parseJson(body, bigNumbers), { bigNumbers });
}

/** The body is an SNS envelope (delivery that isn't raw) around what `inner` decodes. */
export function sns(inner: Decoder): Decoder {
  optionsOf("sns").callback("inner", inner);
  const decode: Decoder = (body, message) => {
    const envelope = parseJson(body, "round");
    if (!isObject(envelope) || typeof envelope["Message"] !== "string") {
      throw new PermanentError('The body isn\'t an SNS envelope: it has no "Message" text.');
    }
    return inner(envelope["Message"], message);
  };
  return Object.assign(decode, { bigNumbers: inner.bigNumbers });
}

/**
 * The body is an EventBridge event: decodes to its `detail`. The handler finds the event's id, time,
 * source and type in `context.message.envelope`, and in an event that an archive replayed the
 * replay's name: such an event is dead-lettered as `replay` unless the pipeline says
 * `replays: "allow"`.
 *
 * The fields are those of "Events in Amazon EventBridge" and "Replaying archived events" in the
 * EventBridge User Guide.
 */
export function eventBridge(options: JsonOptions = {}): Decoder {
  const bigNumbers = checkedBigNumbers("eventBridge", options);
  const decode = (body: string): Enveloped => {
    const event = parseJson(body, bigNumbers);
    if (!isObject(event) || !("detail" in event) || !("detail-type" in event)) {
      throw new PermanentError('The body isn\'t an EventBridge event: "detail" is missing.');
    }
    return inEnvelope(event["detail"], {
      id: textOf(event["id"]),
      time: timeOf(event["time"]),
      source: textOf(event["source"]),
      type: textOf(event["detail-type"]),
      replayName: textOf(event["replay-name"]),
    });
  };
  return Object.assign(decode, { bigNumbers });
}

function checkedBigNumbers(caller: string, { bigNumbers = "refuse" }: JsonOptions): BigNumbers {
  return optionsOf(caller).oneOf("bigNumbers", bigNumbers, ["refuse", "string", "round"]);
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function timeOf(value: unknown): number | undefined {
  // Reading a text asks no clock.
  // eslint-disable-next-line no-restricted-globals
  const time = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isFinite(time) ? time : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
