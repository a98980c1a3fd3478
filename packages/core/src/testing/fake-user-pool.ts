import type { Clock } from "../ports/index.js";
import type { SourceFault, UserPage, UserSource } from "../user-cache/source.js";

export interface FakeUser {
  readonly sub: string;
  readonly person?: string;
}

/** A user pool in memory whose pages take time and fail on demand. */
export interface FakeUserPool {
  readonly source: UserSource<FakeUser>;
  /** May be changed at any time. */
  users: FakeUser[];
  /** Called before each page with its number from 0; what it throws, the page throws. */
  onPage: (page: number) => void | Promise<void>;
  /** Walks begun at the first page. */
  readonly walks: number;
  /** Pages given. */
  readonly pages: number;
}

export interface FakeUserPoolOptions {
  readonly clock: Clock;
  readonly size: number;
  /** Default 10. */
  readonly pageSize?: number;
  /** Default 100. */
  readonly pageMs?: number;
  readonly classify?: (error: unknown) => SourceFault;
}

/** Users `sub-0`, `sub-1`, … of the persons `person-0`, `person-1`, … */
export function fakeUserPool(options: FakeUserPoolOptions): FakeUserPool {
  const { clock, size, pageSize = 10, pageMs = 100, classify } = options;
  let walks = 0;
  let pages = 0;
  const pool: FakeUserPool = {
    source: {
      pages: ({ from, signal }) => walk(Number(from ?? 0), signal),
      ...(classify && { classify }),
    },
    users: Array.from({ length: size }, (_, n) => ({ sub: `sub-${n}`, person: `person-${n}` })),
    onPage: () => undefined,
    get walks() {
      return walks;
    },
    get pages() {
      return pages;
    },
  };

  async function* walk(from: number, signal: AbortSignal): AsyncGenerator<UserPage<FakeUser>> {
    if (from === 0) walks += 1;
    for (let start = from; ; start += pageSize) {
      await clock.sleep(pageMs, signal);
      await pool.onPage(start / pageSize);
      const users = pool.users.slice(start, start + pageSize);
      const next = start + pageSize;
      pages += 1;
      if (next >= pool.users.length) {
        yield { users };
        return;
      }
      yield { users, next: String(next) };
    }
  }
  return pool;
}
