import { createHmac } from "node:crypto";

/** What an API key of GOV.UK Notify holds: `{name}-{service id}-{secret}`, the last two UUIDs. */
export interface ApiKey {
  readonly serviceId: string;
  readonly secret: string;
}

const uuid = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
const apiKey = new RegExp(`^(?:.*-)?(${uuid})-(${uuid})$`, "i");

/** The parts of an API key, or `undefined` where it isn't one. */
export function parseApiKey(text: unknown): ApiKey | undefined {
  if (typeof text !== "string") return undefined;
  const [, serviceId, secret] = apiKey.exec(text.trim()) ?? [];
  return serviceId === undefined || secret === undefined ? undefined : { serviceId, secret };
}

/**
 * The bearer token of one request: a JSON Web Token signed with HS256, of the service (`iss`) and the
 * time (`iat`), which is all that Notify reads
 * (https://docs.notifications.service.gov.uk/rest-api.html#authorisation-header). It is good for 30
 * seconds from then.
 *
 * @param now milliseconds since the epoch
 */
export function bearerToken({ serviceId, secret }: ApiKey, now: number): string {
  const header = part({ typ: "JWT", alg: "HS256" });
  const signed = `${header}.${part({ iss: serviceId, iat: Math.floor(now / 1_000) })}`;
  const signature = createHmac("sha256", secret).update(signed).digest("base64url");
  return `${signed}.${signature}`;
}

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
