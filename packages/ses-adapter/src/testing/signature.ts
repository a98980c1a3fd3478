import type { IncomingHttpHeaders } from "node:http";
import { refuse, type SesRefusal } from "./ses-refusal.js";

/** What a well-formed Signature Version 4 header tells about the caller. */
export interface SignedBy {
  readonly accessKeyId: string;
  readonly region: string;
  /** When the request says it was signed, in milliseconds since the epoch, whole seconds. */
  readonly signedAt: number;
}

const clockText = (time: number): string =>
  new Date(time).toISOString().replace(/[-:]|\.\d{3}/g, "");

const parseAmzDate = (text: string): number | undefined => {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (!parts) return undefined;
  const [, year, month, day, hour, minute, second] = parts.map(Number);
  const time = Date.UTC(year ?? 0, (month ?? 0) - 1, day, hour, minute, second);
  return clockText(time) === text ? time : undefined;
};

const incomplete = (message: string): SesRefusal => refuse("IncompleteSignature", message);
const mismatch = (message: string): SesRefusal => refuse("SignatureDoesNotMatch", message, 403);

const readAuthorization = (header: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    header
      .replace(/^AWS4-HMAC-SHA256\s+/, "")
      .split(/,\s*/)
      .map((part) => {
        const at = part.indexOf("=");
        return [part.slice(0, Math.max(at, 0)).trim(), part.slice(at + 1).trim()];
      }),
  );

/** The window in words, the way AWS words it: "5 min." or, when time is scaled, "3 sec.". */
const windowText = (validityMs: number): string =>
  validityMs % 60_000 === 0 ? `${validityMs / 60_000} min.` : `${validityMs / 1_000} sec.`;

const judgeAge = (signedAt: number, now: number, validityMs: number): SesRefusal | undefined => {
  const window = windowText(validityMs);
  if (signedAt < now - validityMs) {
    return mismatch(
      `Signature expired: ${clockText(signedAt)} is now earlier than ` +
        `${clockText(now - validityMs)} (${clockText(now)} - ${window})`,
    );
  }
  if (signedAt > now + validityMs) {
    return mismatch(
      `Signature not yet current: ${clockText(signedAt)} is still later than ` +
        `${clockText(now + validityMs)} (${clockText(now)} + ${window})`,
    );
  }
  return undefined;
};

/**
 * Judges the shape and the age of a request's Signature Version 4, as AWS does before it looks at
 * anything else. The secret isn't known here, so the HMAC itself isn't recomputed.
 *
 * The age is bounded on both sides by `validityMs` (AWS: five minutes, "Signature expired").
 * Sources: Troubleshoot Signature Version 4 (IAM User Guide); Common Errors (SES API Reference).
 */
export const judgeSignature = (
  headers: IncomingHttpHeaders,
  now: number,
  validityMs: number,
): SignedBy | SesRefusal => {
  const { authorization } = headers;
  if (!authorization) {
    return refuse("MissingAuthenticationToken", "Request is missing Authentication Token", 403);
  }
  if (!authorization.startsWith("AWS4-HMAC-SHA256 ")) {
    return refuse(
      "InvalidClientTokenId",
      "The security token included in the request is invalid",
      403,
    );
  }
  const given = readAuthorization(authorization);
  for (const name of ["Credential", "Signature", "SignedHeaders"]) {
    if (!given[name]) return incomplete(`Authorization header requires '${name}' parameter.`);
  }
  const amzDate = headers["x-amz-date"];
  const signedAt = typeof amzDate === "string" ? parseAmzDate(amzDate) : undefined;
  if (typeof amzDate !== "string" || signedAt === undefined) {
    return incomplete(
      "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
    );
  }
  const [accessKeyId = "", day, region = "", service, terminator, ...rest] =
    given["Credential"]?.split("/") ?? [];
  if (terminator !== "aws4_request" || rest.length > 0 || !accessKeyId || !region) {
    return incomplete("Credential must have exactly 5 slash-delimited elements.");
  }
  if (service !== "ses") return mismatch("Credential should be scoped to correct service: 'ses'.");
  if (day !== amzDate.slice(0, 8)) {
    return mismatch(
      `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date`,
    );
  }
  const signedHeaders = given["SignedHeaders"]?.split(";") ?? [];
  if (!signedHeaders.includes("host") || !signedHeaders.includes("x-amz-date")) {
    return mismatch("'Host' and 'X-Amz-Date' must be a 'SignedHeader' in the AWS Authorization.");
  }
  if (!/^[0-9a-f]{64}$/.test(given["Signature"] ?? "")) {
    return incomplete("The request signature does not conform to AWS standards.");
  }
  return judgeAge(signedAt, now, validityMs) ?? { accessKeyId, region, signedAt };
};
