import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Decoder } from "../pipeline/decode.js";
import { describeIssues } from "./describe-issues.js";
import type { Disposition } from "./disposition.js";
import { InvalidKeyError, PermanentError } from "../errors.js";
import { fingerprintOf } from "../identity/fingerprint.js";
import { editionOf } from "../identity/edition.js";
import { notificationKey } from "../identity/key.js";
import type { Admitted } from "../pipeline/admitted.js";
import { refuseBigNumbers } from "../pipeline/big-numbers.js";
import { isEnveloped, type Envelope } from "../pipeline/envelope.js";
import type { Pipeline } from "../pipeline/pipeline.js";
import type { QueueMessage } from "../ports/index.js";

/**
 * Names the pipeline of a decoded event; `undefined` means none takes it. The message bears what
 * surrounds the event (`message.envelope`), where the decoder knows that.
 */
export type Select = (
  decoded: unknown,
  message: QueueMessage & { readonly envelope?: Envelope },
) => string | undefined;

export interface AdmissionOptions {
  readonly namespace: string;
  readonly decode: Decoder;
  readonly select: Select;
  readonly pipelines: ReadonlyMap<string, Pipeline>;
}

export type Admission = { readonly admitted: Admitted } | { readonly refused: Disposition };

/**
 * decode → select → validate → key: what needs neither the store nor a provider. Answers at once
 * where decoder and validator do, which spares most messages two turns of the event loop's queue.
 */
export function admitMessage(
  options: AdmissionOptions,
  message: QueueMessage,
): Admission | Promise<Admission> {
  try {
    const decoded = options.decode(message.body, message);
    if (!isPromise(decoded)) return opened(options, message, decoded);
    return Promise.resolve(decoded).then((value) => opened(options, message, value), undecodable);
  } catch (error) {
    return undecodable(error);
  }
}

/** Takes the event out of what the decoder put it in. */
function opened(
  options: AdmissionOptions,
  message: QueueMessage,
  decoded: unknown,
): Admission | Promise<Admission> {
  const event = isEnveloped(decoded) ? decoded.event : decoded;
  const envelope = isEnveloped(decoded) ? decoded.envelope : undefined;
  try {
    if (options.decode.bigNumbers === undefined) refuseBigNumbers(event);
  } catch (error) {
    return undecodable(error);
  }
  return admitDecoded(options, message, event, envelope);
}

function admitDecoded(
  options: AdmissionOptions,
  message: QueueMessage,
  decoded: unknown,
  envelope: Envelope | undefined,
): Admission | Promise<Admission> {
  try {
    const name = options.select(decoded, envelope ? { ...message, envelope } : message);
    const pipeline = name === undefined ? undefined : options.pipelines.get(name);
    if (!pipeline) return deadLetter("unselected", unselected(name, options.pipelines));
    const validated = pipeline.schema["~standard"].validate(decoded);
    const admit = (result: Validated) =>
      admitValidated(options.namespace, pipeline, { message, decoded, envelope }, result);
    if (!isPromise(validated)) return admit(validated);
    return Promise.resolve(validated).then(admit).catch(invalid);
  } catch (error) {
    return invalid(error);
  }
}

/** What was selected may come from the event, so it isn't told. */
function unselected(name: string | undefined, pipelines: AdmissionOptions["pipelines"]): string {
  const selected = name === undefined ? "no pipeline" : "a name that is none of these";
  return `No pipeline takes it: select() answered ${selected} (${[...pipelines.keys()].join(", ")}).`;
}

type Validated = StandardSchemaV1.Result<unknown>;

interface Received {
  readonly message: QueueMessage;
  readonly decoded: unknown;
  readonly envelope: Envelope | undefined;
}

function admitValidated(
  namespace: string,
  pipeline: Pipeline,
  { message, decoded, envelope }: Received,
  validated: Validated,
): Admission | Promise<Admission> {
  if (validated.issues) {
    return describeIssues(pipeline.schema, decoded, validated.issues)
      .then((text) => deadLetter("invalid", text))
      .catch(invalid);
  }
  const event: unknown = validated.value;
  const edition = editionOf(message);
  const key = notificationKey(namespace, pipeline.name, pipeline.key(event), edition);
  const content = pipeline.fingerprint ? pipeline.fingerprint(decoded) : decoded;
  return {
    admitted: {
      pipeline,
      event,
      key,
      content,
      fingerprint: fingerprintOf(content),
      edition,
      envelope,
      happenedAt: happenedAt(pipeline, event, message, envelope, edition),
    },
  };
}

/**
 * What an event's age is counted from, ms since the epoch; 0 where that isn't known. A replay makes
 * the queue's sent time new, so the event's own comes first. An edition is sent on purpose: its age
 * counts from when it was published.
 *
 * @throws PermanentError where the pipeline's `eventTime` answers what is no time
 */
function happenedAt(
  pipeline: Pipeline,
  event: unknown,
  message: QueueMessage,
  envelope: Envelope | undefined,
  edition: string | undefined,
): number {
  if (edition !== undefined) return message.sentAt;
  const told = pipeline.eventTime?.(event);
  if (told === undefined) return envelope?.time ?? message.sentAt;
  // What plain JavaScript may answer, a text for example, is no time.
  const at: unknown =
    typeof told === "object" ? (told as { getTime?(): number }).getTime?.() : told;
  if (typeof at === "number" && Number.isFinite(at)) return at;
  throw new PermanentError(
    "The pipeline's eventTime() answers what is no time: give ms or a Date.",
  );
}

function undecodable(error: unknown): Admission {
  if (error instanceof PermanentError) return deadLetter("undecodable", error.message);
  return { refused: { kind: "retry", reason: "decoderFault", counts: true, error } };
}

function invalid(error: unknown): Admission {
  if (error instanceof InvalidKeyError) return deadLetter("invalidKey", error.message);
  if (error instanceof PermanentError) return deadLetter("permanent", error.message);
  return { refused: { kind: "retry", reason: "error", counts: true, error } };
}

function isPromise<Value>(value: Value | PromiseLike<Value>): value is PromiseLike<Value> {
  return typeof (value as { readonly then?: unknown } | null)?.then === "function";
}

function deadLetter(code: string, text: string): Admission {
  return { refused: { kind: "deadLetter", code, text, attemptIds: [], bury: false } };
}
