import { z } from "zod";
import type { LocalCognitoUser, LocalPool } from "./cognito-pool.js";

/** A `ListUsers` reply: its body, or the error that AWS names. */
export type ListUsersReply =
  | { readonly body: Record<string, unknown>; readonly last: boolean }
  | { readonly error: string; readonly message: string };

const MAX_LIMIT = 60;
const MAX_FILTER = 256;

/** What AWS can search by, from the API reference of `ListUsers`: no custom attributes. */
const SEARCHABLE = new Set([
  "username",
  "email",
  "phone_number",
  "name",
  "given_name",
  "family_name",
  "preferred_username",
  "cognito:user_status",
  "status",
  "sub",
]);

const listUsersRequest = z.object({
  UserPoolId: z.string().min(1),
  AttributesToGet: z.array(z.string()).nullish(),
  Limit: z.number().int().nullish(),
  PaginationToken: z.string().min(1).nullish(),
  Filter: z.string().nullish(),
});

/**
 * Answers `ListUsers` as AWS documents it, with two traits a walk must cope with: pages may be cut
 * anywhere, and asking for a custom attribute is an error as soon as one user of the page has none.
 */
export function listUsers(pool: LocalPool, userPoolId: string, input: unknown): ListUsersReply {
  const parsed = listUsersRequest.safeParse(input);
  if (!parsed.success) return { error: "SerializationException", message: parsed.error.message };
  const request = parsed.data;
  if (request.UserPoolId !== userPoolId) {
    const message = `User pool ${request.UserPoolId} does not exist.`;
    return { error: "ResourceNotFoundException", message };
  }
  const limit = request.Limit ?? MAX_LIMIT;
  if (limit < 0 || limit > MAX_LIMIT) {
    return invalid(
      `1 validation error detected: Value '${limit}' at 'limit' failed to satisfy constraint: ` +
        `Member must have value less than or equal to ${MAX_LIMIT}`,
    );
  }
  const filter = parseFilter(request.Filter ?? "");
  if ("error" in filter) return filter;
  const start = request.PaginationToken ? positionOf(request.PaginationToken, filter) : 0;
  if (start === undefined) return invalid("Invalid pagination token given.");

  const { users, next } = select(pool, filter, start, limit || MAX_LIMIT);
  const wanted = request.AttributesToGet;
  if (wanted && users.some((user) => lacksCustom(user, wanted))) {
    return invalid("One or more requested attributes do not exist.");
  }
  const body = {
    Users: users.map((user) => describe(user, wanted ?? undefined)),
    ...(next !== undefined && { PaginationToken: tokenOf(next, filter) }),
  };
  return { body, last: next === undefined };
}

interface Filter {
  readonly text: string;
  readonly attribute?: string;
  readonly prefix: boolean;
  readonly value: string;
}

function parseFilter(text: string): Filter | (ListUsersReply & { readonly error: string }) {
  if (text === "") return { text, prefix: false, value: "" };
  if (text.length > MAX_FILTER) {
    return invalid(
      "1 validation error detected: Value at 'filter' failed to satisfy constraint: " +
        `Member must have length less than or equal to ${MAX_FILTER}`,
    );
  }
  const match = /^\s*"?([\w:]+)"?\s*(\^?=)\s*"((?:[^"\\]|\\.)*)"\s*$/.exec(text);
  if (match === null) return invalid("Error while parsing filter.");
  const [, attribute = "", comparison, value = ""] = match;
  if (!SEARCHABLE.has(attribute)) return invalid("Invalid search attribute: " + attribute);
  const unescaped = value.replace(/\\(.)/g, "$1");
  return { text, attribute, prefix: comparison === "^=", value: unescaped };
}

function select(
  pool: LocalPool,
  filter: Filter,
  start: number,
  limit: number,
): { readonly users: readonly LocalCognitoUser[]; readonly next: number | undefined } {
  const users: LocalCognitoUser[] = [];
  for (const position of candidates(pool, filter, start)) {
    if (users.length === limit) return { users, next: position };
    const user = pool.at(position);
    if (matches(user, filter)) users.push(user);
  }
  return { users, next: undefined };
}

function* candidates(pool: LocalPool, { attribute, prefix, value }: Filter, start: number) {
  const known = attribute === undefined || prefix ? undefined : pool.positionsOf(attribute, value);
  if (known !== undefined) return yield* known.filter((position) => position >= start);
  for (let position = start; position < pool.size; position += 1) yield position;
}

function matches(user: LocalCognitoUser, { attribute, prefix, value }: Filter): boolean {
  if (attribute === undefined) return true;
  const own = valueOf(user, attribute);
  return own !== undefined && (prefix ? own.startsWith(value) : own === value);
}

function valueOf(user: LocalCognitoUser, attribute: string): string | undefined {
  if (attribute === "username") return user.username;
  if (attribute === "cognito:user_status") return "CONFIRMED";
  if (attribute === "status") return "Enabled";
  return user.attributes[attribute];
}

function lacksCustom(user: LocalCognitoUser, wanted: readonly string[]): boolean {
  return wanted.some((name) => name.startsWith("custom:") && !(name in user.attributes));
}

function describe(user: LocalCognitoUser, wanted: readonly string[] | undefined) {
  return {
    Username: user.username,
    Attributes: Object.entries(user.attributes)
      .filter(([name]) => wanted === undefined || wanted.includes(name))
      .map(([Name, Value]) => ({ Name, Value })),
    Enabled: true,
    UserStatus: "CONFIRMED",
    UserCreateDate: 1_700_000_000,
    UserLastModifiedDate: 1_700_000_000,
  };
}

/** A token is good for the filter that it was given for. */
function tokenOf(position: number, filter: Filter): string {
  return Buffer.from(JSON.stringify([position, filter.text])).toString("base64");
}

function positionOf(token: string, filter: Filter): number | undefined {
  try {
    const content: unknown = JSON.parse(Buffer.from(token, "base64").toString());
    const [position, text] = z.tuple([z.number().int().min(0), z.string()]).parse(content);
    return text === filter.text ? position : undefined;
  } catch {
    return undefined;
  }
}

function invalid(message: string) {
  return { error: "InvalidParameterException", message } as const;
}
