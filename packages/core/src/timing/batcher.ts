import type { Clock } from "../ports/index.js";

export interface BatcherOptions<Item, Reply> {
  readonly clock: Clock;
  /** Items a call takes at most. */
  readonly max: number;
  /** Milliseconds an item waits for company; with 0 what is added in the same turn goes together. */
  readonly lingerMs: number;
  /** Aborts when nothing is to wait for company any more: no timer is left then. */
  readonly stopping: AbortSignal;
  /**
   * One reply per item, in order. An error in place of a reply is that item's rejection; a rejection is
   * every item's.
   */
  readonly call: (items: readonly Item[]) => Promise<readonly (Reply | Error)[]>;
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

/**
 * Gathers single items into calls of at most `max`, with one timer for all. The timer isn't cancelled
 * when a batch goes before its time: for that it would take an `AbortController` of its own each time,
 * which is slow to make.
 */
export function createBatcher<Item, Reply>(
  options: BatcherOptions<Item, Reply>,
): Batcher<Item, Reply> {
  const { clock, lingerMs, stopping } = options;
  let waitingSince = 0;
  let waiting: Waiting<Item, Reply>[] = [];
  let sendsThisTurn = false;
  let lingering = false;
  const underWay = new Set<Promise<void>>();

  function send(): void {
    const batch = waiting.slice(0, options.max);
    waiting = waiting.slice(options.max);
    const answered = callFor(batch).finally(() => {
      underWay.delete(answered);
    });
    underWay.add(answered);
  }

  function sendAll(): void {
    while (waiting.length > 0) send();
  }

  async function callFor(batch: readonly Waiting<Item, Reply>[]): Promise<void> {
    try {
      const replies = await options.call(batch.map(({ item }) => item));
      batch.forEach(({ resolve, reject }, index) => {
        const reply = replies[index];
        if (reply instanceof Error) reject(reply);
        else if (index < replies.length) resolve(reply as Reply);
        else reject(new Error(`The batch of ${batch.length} got ${replies.length} replies.`));
      });
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  async function linger(): Promise<void> {
    lingering = true;
    for (let restMs = lingerMs; restMs > 0 && !stopping.aborted;) {
      await clock.sleep(restMs, stopping);
      // What it was set for may have gone meanwhile, and what waits now has come later.
      restMs = waiting.length === 0 ? 0 : waitingSince + lingerMs - clock.monotonic();
    }
    lingering = false;
    sendAll();
  }

  /** Replies of one call come in one turn, and so do the next things that are asked for. */
  async function sendThisTurn(): Promise<void> {
    sendsThisTurn = true;
    await Promise.resolve();
    sendsThisTurn = false;
    sendAll();
  }

  return {
    add: (item) =>
      new Promise((resolve, reject) => {
        if (waiting.length === 0) waitingSince = clock.monotonic();
        waiting.push({ item, resolve, reject });
        if (waiting.length >= options.max) send();
        else if (lingerMs > 0) {
          if (!lingering) void linger();
        } else if (!sendsThisTurn) void sendThisTurn();
      }),
    flush: async () => {
      sendAll();
      await Promise.all(underWay);
    },
  };
}
