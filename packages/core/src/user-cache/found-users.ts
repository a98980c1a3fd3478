import type { Clock } from "../ports/index.js";
import { createAlarm } from "./alarm.js";
import type { UserCacheObserver } from "./events.js";
import type { UserSource } from "./source.js";

/** What the source said about one key, beside the snapshot. An empty `users` is an answer too. */
export interface FoundUsers<User> {
  readonly users: readonly User[];
  /** When the source was asked, ms since the epoch. */
  readonly asOf: number;
}

export interface FoundUsersOptions<User> {
  readonly find: NonNullable<UserSource<User>["find"]>;
  readonly clock: Clock;
  readonly observe: UserCacheObserver;
  readonly timeoutMs: number;
  /** How long an answer is believed. */
  readonly ttlMs: number;
}

/** Asks the source for single keys: once at a time per key, and remembers the answers for a while. */
export interface FoundUsersCache<User> {
  get(id: string): FoundUsers<User> | undefined;
  /** Waits for an answer for at most `waitMs`; `undefined` when there is none by then. */
  ask(id: string, waitMs: number, signal?: AbortSignal): Promise<FoundUsers<User> | undefined>;
  /** Forgets what a snapshot of that time knows as well or better. */
  forgetUntil(asOf: number): void;
}

/** Answers kept at once; the oldest go first. */
const MAX_ANSWERS = 10_000;

export function createFoundUsers<User>(options: FoundUsersOptions<User>): FoundUsersCache<User> {
  const { find, clock, observe, timeoutMs, ttlMs } = options;
  const answers = new Map<string, FoundUsers<User>>();
  const asking = new Map<string, Promise<FoundUsers<User> | undefined>>();

  function get(id: string): FoundUsers<User> | undefined {
    const answer = answers.get(id);
    if (answer === undefined || clock.now() <= answer.asOf + ttlMs) return answer;
    answers.delete(id);
    return undefined;
  }

  async function askSource(id: string): Promise<FoundUsers<User> | undefined> {
    const abort = new AbortController();
    const asOf = clock.now();
    try {
      const users = await within(clock, timeoutMs, find(id, { signal: abort.signal }));
      if (users === undefined) throw new Error(`finding a user took longer than ${timeoutMs} ms`);
      const answer = { users, asOf };
      answers.delete(id);
      answers.set(id, answer);
      const oldest = answers.keys().next();
      if (answers.size > MAX_ANSWERS && oldest.done !== true) answers.delete(oldest.value);
      return answer;
    } catch (error) {
      observe({ type: "findFailed", error });
      return undefined;
    } finally {
      abort.abort();
      asking.delete(id);
    }
  }

  return {
    get,
    ask(id, waitMs, signal) {
      let answer = asking.get(id);
      if (answer === undefined) asking.set(id, (answer = askSource(id)));
      return within(clock, waitMs, answer, signal);
    },
    forgetUntil(asOf) {
      for (const [id, answer] of answers) if (answer.asOf <= asOf) answers.delete(id);
    },
  };
}

async function within<T>(
  clock: Clock,
  ms: number,
  work: Promise<T>,
  signal?: AbortSignal,
): Promise<T | undefined> {
  const alarm = createAlarm(clock);
  work.catch(() => undefined);
  const timeout = alarm.wait(ms, signal).then(() => undefined);
  return Promise.race([work, timeout]).finally(() => alarm.ring());
}
