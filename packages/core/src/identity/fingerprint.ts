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
  return JSON.stringify(sorted(value, "")) ?? "null";
}

/**
 * The value with its keys in order; itself where they are. A replacer that sorts makes
 * `JSON.stringify` several times slower.
 */
function sorted(given: unknown, key: string): unknown {
  const value = isSerializable(given) ? given.toJSON(key) : given;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    const items = value.map((item, index) => sorted(item, String(index)));
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  const properties = value as Readonly<Record<string, unknown>>;
  const names = Object.keys(properties);
  const values = names.map((name) => sorted(properties[name], name));
  const isSorted = names.every(
    (name, index) =>
      values[index] === properties[name] && (index === 0 || (names[index - 1] ?? "") < name),
  );
  if (isSorted) return properties;
  const entries = names.map((name, index) => [name, values[index]] as const);
  // fromEntries defines own properties, so a "__proto__" key of hostile JSON stays a plain key.
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function isSerializable(value: unknown): value is { toJSON(key: string): unknown } {
  if (typeof value !== "object" || value === null) return false;
  return typeof (value as { readonly toJSON?: unknown }).toJSON === "function";
}
