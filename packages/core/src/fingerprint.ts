import { hash } from "node:crypto";

/** Rises when the canonical form changes, so that old and new digests are never compared. */
const VERSION = 1;

/**
 * A versioned digest of a decoded event: SHA-256 over canonical JSON (object keys sorted by code
 * unit, no spaces), 128 bits as hex behind `v1:`. Values that JSON can't carry are as
 * `JSON.stringify` has them.
 */
export function fingerprintOf(value: unknown): string {
  const digest = hash("sha256", canonicalJson(value), "hex").slice(0, 32);
  return `v${VERSION}:${digest}`;
}

/** JSON with sorted keys: equal for values that differ in the order of their properties only. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, sortKeys) ?? "null";
}

function sortKeys(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  // fromEntries defines own properties, so a "__proto__" key of hostile JSON stays a plain key.
  return Object.fromEntries(entries);
}
