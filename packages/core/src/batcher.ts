import type { Clock } from "./ports/index.js";

export interface BatcherOptions<Item, Reply> {
  readonly clock: Clock;
  /** Items a call takes at most. */
  readonly max: number;
  /** Milliseconds an item waits for company. */
  readonly lingerMs: number;
  /**
   * An item waits for company only where a call is under way, until its answer at the latest. What is
   * added in the same turn goes together all the same.
   */
  readonly eager?: true;
  /** One reply per item, in order. A rejection is every item's. */
  readonly call: (items: readonly Item[]) => Promise<readonly Reply[]>;
}

export interface Batcher<Item, Reply> {
  add(item: Item): Promise<Reply>;
  /** Sends what waits without lingering further; resolves when every call so far has answered. */
  flush(): Promise<void>;
}

interface Waiting<Item, Reply> {
  readonly item: Item;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: unknown) => void;
}

/** Gathers single items into calls of at most `max`, with one timer for all. */
export function createBatcher<Item, Reply>(
  options: BatcherOptions<Item, Reply>,
): Batcher<Item, Reply> {
  const { eager = false } = options;
  let waiting: Waiting<Item, Reply>[] = [];
  let lingering = false;
  /** Ends the wait for company. */
  let company: AbortController | undefined;
  const underWay = new Set<Promise<void>>();

  function send(): void {
    const batch = waiting.slice(0, options.max);
    waiting = waiting.slice(options.max);
    const answered = callFor(batch).finally(() => {
      underWay.delete(answered);
      if (eager) sendAll();
    });
    underWay.add(answered);
  }

  function sendAll(): void {
    // Nobody is left who waits for it; a timer left behind would keep the process alive.
    company?.abort();
    while (waiting.length > 0) send();
  }

  async function callFor(batch: readonly Waiting<Item, Reply>[]): Promise<void> {
    try {
      const replies = await options.call(batch.map(({ item }) => item));
      batch.forEach(({ resolve, reject }, index) => {
        if (index < replies.length) resolve(replies[index] as Reply);
        else reject(new Error(`The batch of ${batch.length} got ${replies.length} replies.`));
      });
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  async function linger(): Promise<void> {
    // Replies of one call come in one turn, and so do the next things that are asked for.
    lingering = true;
    if (eager && underWay.size === 0) {
      await Promise.resolve();
    } else {
      company = new AbortController();
      await options.clock.sleep(options.lingerMs, company.signal);
      company = undefined;
    }
    lingering = false;
    sendAll();
  }

  return {
    add: (item) =>
      new Promise((resolve, reject) => {
        waiting.push({ item, resolve, reject });
        if (waiting.length >= options.max) send();
        else if (!lingering) void linger();
      }),
    flush: async () => {
      sendAll();
      await Promise.all(underWay);
    },
  };
}
