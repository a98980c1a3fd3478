import { ConfigurationError } from "@exactly-once/core";
import { createHash } from "node:crypto";

/** Names of everything this store keeps. A bucket is a hash tag, so each is one cluster slot. */
export interface KeySpace {
  /** Where a key's record stands. */
  locate(key: string): RecordPlace;
  /** All buckets, for walks over the attention indices. */
  readonly buckets: readonly Bucket[];
  control(namespace: string): string;
  progress(namespace: string): string;
  reservation(digest: string): string;
  counter(name: string): string;
  readonly probe: string;
}

export interface Bucket {
  readonly attention: string;
  /** The name of the record that the attention index knows by this. */
  recordOf(suffix: string): string;
}

/** The record, and the attention index of its bucket. */
export type RecordPlace = readonly [record: string, attention: string];

/** Of names in a Redis that others may use, too. Short, since each record bears it. */
export const DEFAULT_KEY_PREFIX = "eo:";

const DIGEST = /^[0-9a-f]{32}$/;

/**
 * @param prefix goes before every name; without braces, since those would decide the cluster slot
 * @throws ConfigurationError when the prefix contains a brace
 */
export function keySpace(prefix: string): KeySpace {
  if (/[{}]/.test(prefix)) {
    throw new ConfigurationError(
      `redisStore: keyPrefix ${JSON.stringify(prefix)} contains a brace; leave them out, they are hash tags.`,
    );
  }
  const bucketOf = (nn: string): Bucket => ({
    attention: `${prefix}{b${nn}}:attention`,
    recordOf: (suffix) => `${prefix}{b${nn}}:${suffix}`,
  });
  const numbers = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, "0"));
  const bucketsByNumber = new Map(numbers.map((nn) => [nn, bucketOf(nn)]));

  return {
    buckets: [...bucketsByNumber.values()],
    locate: (key) => {
      // Digests as they are; any other text behind a mark, so that it can't name the attention index.
      const isDigest = DIGEST.test(key);
      const nn = (isDigest ? key : sha256(key)).slice(0, 2);
      const attention = bucketsByNumber.get(nn)?.attention ?? "";
      return [`${prefix}{b${nn}}:${isDigest ? key : `=${key}`}`, attention];
    },
    control: (namespace) => `${prefix}control:${namespace}`,
    progress: (namespace) => `${prefix}progress:${namespace}`,
    reservation: (digest) => `${prefix}tripwire:${digest}`,
    counter: (name) => `${prefix}counter:${name}`,
    probe: `${prefix}probe`,
  };
}

/** The key whose record's name ends so. */
export function keyOfSuffix(suffix: string): string {
  return suffix.startsWith("=") ? suffix.slice(1) : suffix;
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
