import { hash } from "node:crypto";

/** A digest without its version. */
export type ContentDigest = (content: unknown) => string;

/**
 * How content is digested, by version. A digest that is changed gets a version of its own, and the old
 * one stays for as long as a record may be bound by it (the store's retention). Digests of two versions
 * are never compared.
 */
export type DigestVersions = Readonly<Record<string, ContentDigest>>;

/**
 * v1: SHA-256 over canonical JSON (object keys sorted by code unit, no spaces), 128 bits as hex. Values
 * that JSON can't carry are as `JSON.stringify` has them.
 */
function digestV1(content: unknown): string {
  return hash("sha256", canonicalJson(content), "hex").slice(0, 32);
}

const VERSIONS: DigestVersions = { v1: digestV1 };

/** The fingerprint that records are bound by from now on: the digest of a decoded event behind its version. */
export function fingerprintOf(content: unknown): string {
  return `v1:${digestV1(content)}`;
}

/**
 * The content's fingerprint in the version of another.
 *
 * @param bound what a record is bound by
 * @returns `undefined` where that version isn't known here
 */
export function fingerprintLike(
  bound: string,
  content: unknown,
  versions = VERSIONS,
): string | undefined {
  const [version = ""] = bound.split(":", 1);
  const digest = Object.hasOwn(versions, version) ? versions[version] : undefined;
  return digest && `${version}:${digest(content)}`;
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
