import { type HandlerContext, PermanentError } from "@exactly-once/core";
import type { UserCache } from "@exactly-once/core/user-cache";
import type { TraineeAccount } from "./cognito/trainee-account.js";

/** Whom a notification goes to. */
export interface Recipient {
  readonly email: string;
  readonly familyName: string | undefined;
}

/**
 * The one account of a trainee. Never guesses, and never waits for a walk of the pool: a trainee
 * who may be newer than what is known brings the message back later.
 *
 * @throws PermanentError when the trainee has no account, several, or one without an address. It
 *   names the trainee's id and nothing else.
 */
export async function findRecipient(
  users: Pick<UserCache<TraineeAccount>, "lookup">,
  traineeId: string,
  context: Pick<HandlerContext, "defer" | "message" | "signal">,
): Promise<Recipient> {
  const result = await users.lookup(traineeId, {
    signal: context.signal,
    freshAfter: context.message.sentAt,
    // Others are looked at again first, where somebody may have put them right since.
    acceptable: (accounts) => accounts.length === 1 && accounts[0]?.email !== undefined,
  });
  if (result.status === "defer") {
    return context.defer(
      result.retryAfterMs,
      `The account of trainee ${traineeId} isn't known yet (${result.reason}).`,
    );
  }
  const accounts = result.status === "found" ? result.users : [];
  const [account] = accounts;
  if (account === undefined) {
    throw new PermanentError(`Trainee ${traineeId} has no account in the user pool.`);
  }
  if (accounts.length > 1) {
    throw new PermanentError(
      `Trainee ${traineeId} has ${accounts.length} accounts in the user pool: which is meant can't be known.`,
    );
  }
  if (account.email === undefined) {
    throw new PermanentError(`The account of trainee ${traineeId} has no email address.`);
  }
  return { email: account.email, familyName: account.familyName };
}
