import { hash } from "node:crypto";
import { EFFECT_NAME, KEY_DIGEST_LENGTH } from "./attempt-id.js";
import { InvalidKeyError } from "../errors.js";

/** One component of a key. `undefined`, `NaN`, infinities and `""` are refused. */
export type KeyPart = string | number | boolean | null;

/** The identity of one notification. */
export interface NotificationKey {
  /** 128 bits of SHA-256 over namespace, pipeline and parts, as 32 lowercase hex characters. */
  readonly digest: string;
  /** The same in words: canonical JSON, injective, for operators. */
  readonly text: string;
}

/**
 * Builds the key of a notification from the event's meaning.
 *
 * @param edition names a deliberate repetition; without one, keys are as they always were
 * @throws InvalidKeyError when a part is `undefined`, `NaN`, infinite, an integer beyond 2^53 or `""`,
 *   or there is none.
 */
export function notificationKey(
  namespace: string,
  pipeline: string,
  parts: readonly KeyPart[],
  edition?: string,
): NotificationKey {
  if (!Array.isArray(parts) || parts.length === 0) {
    throw new InvalidKeyError(
      "The key has no parts: return at least one from the pipeline's key().",
    );
  }
  parts.forEach(checkPart);
  // JSON keeps 1, "1", true and null apart and quotes what could be mistaken for a separator.
  // An edition is an object, which no part can be, so that it is never taken for one.
  const named = edition === undefined ? [] : [{ edition }];
  const text = JSON.stringify([namespace, pipeline, ...parts.map(canonicalPart), ...named]);
  const digest = hash("sha256", text, "hex").slice(0, KEY_DIGEST_LENGTH);
  return { digest, text };
}

function checkPart(part: unknown, index: number): void {
  const valid =
    part === null ||
    typeof part === "boolean" ||
    (typeof part === "number" && Number.isFinite(part) && !isBeyondExact(part)) ||
    (typeof part === "string" && part !== "");
  if (!valid) {
    if (isBeyondExact(part)) {
      throw new InvalidKeyError(
        `Part ${index + 1} of the key is an integer beyond 2^53, where neighbouring ids become one: decode with json({ bigNumbers: "string" }) and take it as text.`,
      );
    }
    const shown =
      part === "" ? "an empty string" : typeof part === "number" ? String(part) : typeof part;
    throw new InvalidKeyError(
      `Part ${index + 1} of the key is ${shown}; take string, finite number, boolean or null.`,
    );
  }
}

function isBeyondExact(part: unknown): boolean {
  return typeof part === "number" && Number.isInteger(part) && !Number.isSafeInteger(part);
}

/** `-0` prints as `0`; a lone surrogate is escaped by JSON, so that it survives UTF-8. */
function canonicalPart(part: KeyPart): KeyPart {
  return part === 0 ? 0 : part;
}

const PLAIN_PART = /^(?!h_)[a-z0-9_]{1,32}$/;

/**
 * The name under which an effect stands in the record: the effect's own, or with its part
 * (`email-<part>`) where a handler fans out. A part that isn't `[a-z0-9_]{1,32}` is hashed.
 *
 * @throws InvalidKeyError when the name isn't `[a-z][a-z0-9_]{0,31}` or the part is empty.
 */
export function effectSlot(effect: string, part?: string): string {
  if (!EFFECT_NAME.test(effect)) {
    throw new InvalidKeyError(
      `The effect name ${JSON.stringify(effect)} isn't [a-z][a-z0-9_]{0,31}.`,
    );
  }
  if (part === undefined) return effect;
  if (part === "") throw new InvalidKeyError(`The part of effect ${effect} is an empty string.`);
  if (PLAIN_PART.test(part)) return `${effect}-${part}`;
  return `${effect}-h_${hash("sha256", part, "hex").slice(0, 30)}`;
}
