import type { SentEmail } from "./sent-email.js";
import { WaitTimeoutError } from "./wait-timeout-error.js";

/** A number of emails in the box, or a test that the awaited email passes. */
export type AwaitedMail = number | ((email: SentEmail) => boolean);

interface Waiter {
  readonly satisfied: () => boolean;
  readonly resolve: () => void;
}

/** Keeps the newest `keep` emails; older ones are forgotten, their count is not. */
export const createMailbox = (keep: number) => {
  let emails: SentEmail[] = [];
  let accepted = 0;
  const waiters = new Set<Waiter>();

  return {
    /** The number of the next email; taking it counts the email as accepted. */
    nextSequence: (): number => (accepted += 1),
    add: (email: SentEmail): void => {
      emails.push(email);
      // Trimmed in batches: one splice a message would make a long run quadratic.
      if (emails.length > keep * 2) emails = emails.slice(-keep);
      for (const waiter of waiters) if (waiter.satisfied()) waiter.resolve();
    },
    accepted: (): number => accepted,
    all: (): readonly SentEmail[] => emails.slice(-keep),
    find: (messageId: string): SentEmail | undefined =>
      emails.slice(-keep).find((email) => email.messageId === messageId),
    clear: (): void => {
      emails = [];
    },
    waitFor: async (awaited: AwaitedMail, timeoutMs: number): Promise<readonly SentEmail[]> => {
      const satisfied = () =>
        typeof awaited === "number" ? emails.length >= awaited : emails.some(awaited);
      if (!satisfied()) {
        await new Promise<void>((resolve, reject) => {
          const settle = (act: () => void) => {
            clearTimeout(timer);
            waiters.delete(waiter);
            act();
          };
          const waiter: Waiter = { satisfied, resolve: () => settle(resolve) };
          const timer = setTimeout(
            () => settle(() => reject(new WaitTimeoutError(timeoutMs, emails.length))),
            timeoutMs,
          );
          waiters.add(waiter);
        });
      }
      const found = emails.slice(-keep);
      return typeof awaited === "number" ? found : found.filter(awaited);
    },
  };
};

export type Mailbox = ReturnType<typeof createMailbox>;
