import { createHmac, timingSafeEqual } from "node:crypto";

/** Notify's limit for a token's age, either way, seconds. */
const TOLERANCE_S = 30;

/** What a token comes to: the service it is of, or the error that Notify answers with. */
export type Authorised = { readonly ok: true } | { readonly ok: false; readonly message: string };

/**
 * Judges the `Authorization` header as Notify does: HS256 with the key's secret, of this service, dated
 * within 30 seconds.
 *
 * @param now milliseconds since the epoch
 */
export function authorise(
  header: string | undefined,
  key: { readonly serviceId: string; readonly secret: string },
  now: number,
): Authorised {
  const refused = (message: string): Authorised => ({ ok: false, message });
  const [, token] = /^Bearer (\S+)$/i.exec(header ?? "") ?? [];
  if (token === undefined) return refused("Unauthorized: authentication token must be provided");
  const [head = "", payload = "", signature = "", ...more] = token.split(".");
  const { alg } = decoded(head);
  const { iss, iat } = decoded(payload);
  if (more.length > 0 || alg !== "HS256")
    return refused("Invalid token: algorithm used is not HS256");
  if (iss !== key.serviceId) return refused("Invalid token: service not found");
  const expected = createHmac("sha256", key.secret).update(`${head}.${payload}`).digest();
  const given = Buffer.from(signature, "base64url");
  if (given.byteLength !== expected.byteLength || !timingSafeEqual(given, expected)) {
    return refused("Invalid token: API key not found");
  }
  if (typeof iat !== "number") return refused("Invalid token: iat field not provided");
  if (Math.abs(now / 1_000 - iat) > TOLERANCE_S + 1) {
    return refused("Error: Your system clock must be accurate to within 30 seconds");
  }
  return { ok: true };
}

function decoded(part: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString());
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
