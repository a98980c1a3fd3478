import type { UserPage } from "@exactly-once/core/user-cache";
import type { Site } from "../kernel/decisions.js";
import type { Kernel } from "../kernel/kernel.js";

export interface Account {
  readonly sub: string;
  readonly person: string;
  readonly email: string;
  /** Fills a snapshot's chunks, so that there are several. */
  readonly notes: string;
}

/** What an account was, and when; true times, ms. */
export interface AccountVersion {
  readonly account: Account;
  readonly from: number;
  until: number;
}

export interface DirectoryFaults {
  readonly tokenExpired: Site;
  readonly throttled: Site;
  /** The answer says that there is nothing more, although there is. */
  readonly endsEarly: Site;
}

/** A user pool that can only be walked page by page, and that changes meanwhile. */
export interface DirectoryWorld {
  /** @throws DirectoryError */
  page(from: string | undefined): UserPage<Account>;
  /** @throws DirectoryError */
  find(person: string): readonly Account[];
  /** Everything that accounts of this person ever were. */
  versionsOf(person: string): readonly AccountVersion[];
  readonly persons: readonly string[];
  add(): void;
  change(index: number): void;
  remove(index: number): void;
}

export class DirectoryError extends Error {
  constructor(readonly fault: "throttled" | "tokenExpired") {
    super(`The directory refuses: ${fault}.`);
    this.name = "DirectoryError";
  }
}

const PAGE = 6;
/** So many accounts on, one belongs to the person before. */
const NEXT_TWIN = 7;
const NOTES = "x".repeat(24_000);

export function directoryWorld(options: {
  readonly kernel: Kernel;
  readonly size: number;
  readonly faults: DirectoryFaults;
}): DirectoryWorld {
  const { kernel, faults } = options;
  /** In the order they came; a place stays empty once its account was removed. */
  const places: (AccountVersion | undefined)[] = [];
  const history = new Map<string, AccountVersion[]>();

  function put(index: number, account: Account): void {
    const version = { account, from: kernel.now, until: Number.POSITIVE_INFINITY };
    places[index] = version;
    history.set(account.person, [...(history.get(account.person) ?? []), version]);
  }

  function end(index: number): Account | undefined {
    const version = places[index];
    if (version) version.until = kernel.now;
    places[index] = undefined;
    return version?.account;
  }

  function add(): void {
    const index = places.length;
    const notes = index % 2 === 0 ? NOTES : "";
    const person = `person-${index % NEXT_TWIN === NEXT_TWIN - 1 ? index - 1 : index}`;
    put(index, { sub: `sub-${index}`, person, email: `${index}@example.test`, notes });
  }

  for (let index = 0; index < options.size; index += 1) add();

  return {
    add,
    change: (index) => {
      const account = end(index);
      if (account) put(index, { ...account, email: `moved-${account.email}` });
    },
    remove: (index) => void end(index),
    get persons() {
      return [...history.keys()];
    },
    versionsOf: (person) => history.get(person) ?? [],
    find: (person) => {
      if (faults.throttled.next() > 0) throw new DirectoryError("throttled");
      return places.flatMap((version) =>
        version?.account.person === person ? version.account : [],
      );
    },
    page: (from) => {
      if (faults.throttled.next() > 0) throw new DirectoryError("throttled");
      const start = from === undefined ? 0 : Number(from);
      if (start > 0 && faults.tokenExpired.next() > 0) throw new DirectoryError("tokenExpired");
      const end = start + PAGE;
      const users = places.slice(start, end).flatMap((version) => version?.account ?? []);
      return end < places.length ? { users, next: String(end) } : { users };
    },
  };
}
