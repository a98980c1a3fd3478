import {
  ListUsersCommand,
  type CognitoIdentityProviderClient,
  type ListUsersCommandInput,
  type UserType,
} from "@aws-sdk/client-cognito-identity-provider";
import { type Clock, systemClock } from "@exactly-once/core/ports";
import type { SourceFault, UserPage, UserSource } from "@exactly-once/core/user-cache";
import { adaptiveRate } from "./adaptive-rate.js";

/** A user with its attributes by name. A plain `Map`, since attribute names are data. */
export interface CognitoUser {
  /** Unique within the pool. */
  readonly username: string;
  readonly attributes: ReadonlyMap<string, string>;
}

export interface CognitoSourceOptions<User> {
  /**
   * A client with `maxAttempts: 1`: the walk repeats pages by itself, and has to see each throttling
   * to slow down.
   */
  readonly client: CognitoIdentityProviderClient;
  readonly userPoolId: string;
  /**
   * The attributes a user is made of; no others are asked for. AWS refuses that for custom
   * attributes as soon as one user has none; the source then asks for all attributes instead.
   */
  readonly attributes: readonly string[];
  readonly toUser: (user: CognitoUser) => User;
  /**
   * Calls a second at most; throttling lowers it for a while. Default 15, half of the default quota of
   * an account and region for listing users (UserList in AWS's "Quotas in Amazon Cognito"), since
   * other services share it.
   */
  readonly maxCallsPerSecond?: number;
  /** The attribute by which `find` searches; without it the source has no `find`. */
  readonly findBy?: SearchableAttribute;
  readonly clock?: Clock;
}

/** What `ListUsers` can filter on, beside names: no custom attributes (its API reference). */
export type SearchableAttribute = "sub" | "username" | "email" | "phone_number";

/** The most that `ListUsers` gives at once. */
const PAGE_SIZE = 60;

/**
 * The users of a Cognito user pool, by `ListUsers`.
 *
 * https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ListUsers.html
 */
export function cognitoSource<User>(options: CognitoSourceOptions<User>): UserSource<User> {
  const { client, userPoolId, attributes, toUser, findBy, clock = systemClock() } = options;
  const rate = adaptiveRate(options.maxCallsPerSecond ?? 15, clock);
  let onlyWanted = true;

  async function list(input: Partial<ListUsersCommandInput>, signal: AbortSignal) {
    for (;;) {
      await rate.turn(signal);
      const wanted = onlyWanted ? { AttributesToGet: [...attributes] } : {};
      try {
        return await client.send(
          new ListUsersCommand({ UserPoolId: userPoolId, Limit: PAGE_SIZE, ...wanted, ...input }),
          { abortSignal: signal },
        );
      } catch (error) {
        if (classify(error) === "throttled") rate.throttled();
        if (!onlyWanted || !isRefusedParameter(error)) throw error;
        onlyWanted = false;
      }
    }
  }

  async function* pages(from: string | undefined, signal: AbortSignal) {
    let token = from;
    do {
      const reply = await list(token === undefined ? {} : { PaginationToken: token }, signal);
      token = reply.PaginationToken;
      const users = (reply.Users ?? []).map((user) => toUser(plain(user)));
      const page: UserPage<User> = token === undefined ? { users } : { users, next: token };
      yield page;
    } while (token !== undefined);
  }

  async function find(value: string, signal: AbortSignal): Promise<readonly User[]> {
    const Filter = `${findBy} = "${value.replace(/["\\]/g, "\\$&")}"`;
    const reply = await list({ Filter }, signal);
    return (reply.Users ?? []).map((user) => toUser(plain(user)));
  }

  return {
    pages: ({ from, signal }) => pages(from, signal),
    ...(findBy !== undefined && { find: (value, { signal }) => find(value, signal) }),
    classify,
  };
}

function plain(user: UserType): CognitoUser {
  const pairs = (user.Attributes ?? []).map(
    ({ Name, Value }) => [Name ?? "", Value ?? ""] as const,
  );
  return { username: user.Username ?? "", attributes: new Map(pairs) };
}

const THROTTLES = new Set([
  "TooManyRequestsException",
  "ThrottlingException",
  "LimitExceededException",
]);

/** No such pool, none that this one may list, or not known to AWS at all: time mends none of it. */
const REFUSALS = new Set([
  "ResourceNotFoundException",
  "NotAuthorizedException",
  "AccessDeniedException",
  "UnrecognizedClientException",
  "InvalidSignatureException",
]);

function classify(error: unknown): SourceFault {
  const name = nameOf(error);
  if (THROTTLES.has(name)) return "throttled";
  if (REFUSALS.has(name)) return "refused";
  return name === "InvalidParameterException" && isAboutToken(error) ? "tokenExpired" : "transient";
}

function isRefusedParameter(error: unknown): boolean {
  return nameOf(error) === "InvalidParameterException" && !isAboutToken(error);
}

function isAboutToken(error: unknown): boolean {
  // Cognito has more than one text for a token that it no longer takes.
  return error instanceof Error && /pagination ?token|paging marker/i.test(error.message);
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : "";
}
