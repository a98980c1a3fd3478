import { hash } from "node:crypto";
import { KEY_DIGEST_LENGTH } from "../identity/attempt-id.js";

const PLAIN = /^[A-Za-z0-9_.-]{1,100}$/;
const DIGEST = new RegExp(`^[0-9a-f]{${KEY_DIGEST_LENGTH}}$`);

/** The cell of a record: the key's digest; any other text by its hash, which the record then repeats. */
export function recordName(key: string): string {
  return DIGEST.test(key) ? key : `=${hash("sha256", key, "hex")}`;
}

/** A cell of another kind. No record's name has a slash. */
export function cellName(kind: string, text: string): string {
  return `${kind}/${PLAIN.test(text) ? text : `=${hash("sha256", text, "hex")}`}`;
}
