import { InvalidKeyError } from "../errors.js";
import type { QueueMessage } from "../ports/index.js";

/**
 * The message attribute that names a deliberate repetition ("bounces of May 2026"): without it a key
 * is sent once, with it once for each edition.
 */
export const EDITION_ATTRIBUTE = "exactly-once-edition";

const EDITION = /^[A-Za-z0-9][A-Za-z0-9 ._-]{0,98}[A-Za-z0-9]$|^[A-Za-z0-9]$/;

/** @throws InvalidKeyError for a name that isn't 1 to 100 of [A-Za-z0-9 ._-] */
export function editionOf({ attributes }: Pick<QueueMessage, "attributes">): string | undefined {
  if (!Object.hasOwn(attributes, EDITION_ATTRIBUTE)) return undefined;
  const edition = attributes[EDITION_ATTRIBUTE] ?? "";
  if (EDITION.test(edition)) return edition;
  throw new InvalidKeyError(
    `The attribute ${EDITION_ATTRIBUTE} must be 1 to 100 of [A-Za-z0-9 ._-], a letter or a digit first and last.`,
  );
}
