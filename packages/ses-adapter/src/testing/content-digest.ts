import { createHash } from "node:crypto";
import type { SentEmail } from "./sent-email.js";

/**
 * A digest of what the reader of an email sees: subject, bodies and attachments. Two emails with the
 * same one are the same to their reader, whatever their ids, dates and boundaries.
 */
export const readersDigest = ({ mime }: SentEmail): string => {
  const hash = createHash("sha256");
  const add = (part: string | Uint8Array | ArrayBuffer | null | undefined) => {
    const bytes = typeof part === "string" ? Buffer.from(part) : new Uint8Array(part ?? []);
    // The length in front keeps the parts apart.
    hash.update(`${bytes.byteLength}:`).update(bytes);
  };
  for (const part of [mime.subject, mime.text, mime.html]) add(part);
  for (const { filename, content } of mime.attachments) {
    add(filename);
    add(content);
  }
  return hash.digest("hex").slice(0, 32);
};
