import { createHmac } from "node:crypto";

const PREFIX = "whsec_";
const base64 = /^[A-Za-z0-9+/]+={0,2}$/;
/** By the specification, bytes. */
const SIZES = { from: 24, to: 64 };

/** What a secret has to be, in words. */
export const secretRule = `"${PREFIX}" and ${SIZES.from} to ${SIZES.to} random bytes in base64`;

/** The key of a secret such as `whsec_MfKQ9r8G…`, or `undefined` where it isn't one. */
export function keyOf(secret: unknown): Buffer | undefined {
  if (typeof secret !== "string" || !secret.startsWith(PREFIX)) return undefined;
  const text = secret.slice(PREFIX.length);
  if (!base64.test(text)) return undefined;
  const key = Buffer.from(text, "base64");
  return key.byteLength < SIZES.from || key.byteLength > SIZES.to ? undefined : key;
}

/** What is signed, and with which keys. */
export interface Signing {
  readonly id: string;
  /** Seconds since the epoch. */
  readonly timestamp: number;
  readonly body: string;
  readonly keys: readonly Buffer[];
}

/**
 * The headers of Standard Webhooks, version 1: one signature for each key, so that a receiver may change
 * from one secret to the next at its own time (https://www.standardwebhooks.com).
 */
export function signatureHeaders({ id, timestamp, body, keys }: Signing): Record<string, string> {
  const signed = `${id}.${timestamp}.${body}`;
  const signatures = keys.map(
    (key) => `v1,${createHmac("sha256", key).update(signed).digest("base64")}`,
  );
  return {
    "webhook-id": id,
    "webhook-timestamp": String(timestamp),
    "webhook-signature": signatures.join(" "),
  };
}
