import { StoreUnavailableError } from "../errors.js";
import type { Clock } from "../ports/index.js";
import type {
  CasAnswer,
  CasAttentionPage,
  CasCell,
  CasPort,
  CasWrite,
  CasWritten,
} from "./cas-port.js";
import type { StoreTime } from "./store-time.js";

/** A port's calls with a time limit, and what is asked in one turn in one call. */
export interface PortCalls {
  read(name: string): Promise<CasCell | undefined>;
  readMany(names: readonly string[]): Promise<readonly (CasCell | undefined | Error)[]>;
  write(item: CasWrite): Promise<CasWritten>;
  attend(name: string, attentionAt: number): Promise<void>;
  attention(cursor: string | undefined, limit: number): Promise<CasAttentionPage>;
  deleteExpired(limit: number): Promise<number>;
  /** Asks the store for its clock, where that is unknown. */
  learnTime(): Promise<void>;
}

export interface PortCallsOptions {
  readonly port: CasPort;
  readonly clock: Clock;
  readonly time: StoreTime;
  /** Milliseconds after which a call without an answer is a fault. */
  readonly callTimeoutMs: number;
}

interface Asked<Item, Reply> {
  readonly item: Item;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Nobody waits for a call longer than its time limit, and nothing waits behind it: what comes next reads
 * anew, and a late execution meets the condition on its revision.
 */
export function portCalls({ port, clock, time, callTimeoutMs }: PortCallsOptions): PortCalls {
  async function limited<Answer>(
    verb: string,
    call: (signal: AbortSignal) => Promise<Answer>,
  ): Promise<Answer> {
    const [waiting, patience] = [new AbortController(), new AbortController()];
    const late = clock.sleep(callTimeoutMs, waiting.signal).then((): never => {
      throw new Error(`no answer within ${callTimeoutMs} ms`);
    });
    try {
      return await Promise.race([late, call(patience.signal)]);
    } catch (cause) {
      throw unavailable(verb, cause);
    } finally {
      // After an answer nothing is left to give up; the sleeper's own rejection has no listener then.
      late.catch(() => {});
      waiting.abort();
      patience.abort();
    }
  }

  async function answers<Reply>(
    verb: string,
    count: number,
    call: (signal: AbortSignal) => Promise<CasAnswer<Reply>>,
  ): Promise<readonly (Reply | Error)[]> {
    const { items, at } = await limited(verb, call);
    if (port.clock === "store" && at === undefined) {
      throw unavailable(verb, new Error("the port answered without the store's clock"));
    }
    time.sample(at);
    if (items.length !== count) {
      throw unavailable(verb, new Error(`${items.length} answers for ${count} items`));
    }
    return items.map((item) => (item instanceof Error ? unavailable(verb, item) : item));
  }

  const write = together<CasWrite, CasWritten>(port.maxBatch, (items) =>
    answers("write", items.length, (signal) => port.write(items, signal)),
  );

  async function readMany(names: readonly string[]) {
    const parts: Promise<readonly (CasCell | undefined | Error)[]>[] = [];
    for (let from = 0; from < names.length; from += port.maxBatch) {
      const part = names.slice(from, from + port.maxBatch);
      parts.push(answers("read", part.length, (signal) => port.read(part, signal)));
    }
    return (await Promise.all(parts)).flat();
  }

  /** Reads of one name in one turn share theirs: a call names a cell once. */
  async function readDistinct(names: readonly string[]) {
    const distinct = [...new Set(names)];
    const cells = await readMany(distinct);
    return names.map((name) => cells[distinct.indexOf(name)]);
  }

  return {
    read: together(port.maxBatch, readDistinct),
    readMany,
    write,
    attend: (name, attentionAt) =>
      limited("attend", (signal) => port.attend(name, attentionAt, signal)),
    attention: (cursor, limit) =>
      limited("list", (signal) => port.attention(cursor, limit, signal)),
    deleteExpired: (limit) =>
      limited("delete", async (signal) => (await port.deleteExpired?.(limit, signal)) ?? 0),
    learnTime: async () => {
      if (time.isKnown) return;
      await answers("read", 0, (signal) => port.read([], signal));
    },
  };
}

/** Gathers what is asked in the same turn into calls of at most `max` items. */
function together<Item, Reply>(
  max: number,
  call: (items: readonly Item[]) => Promise<readonly (Reply | Error)[]>,
): (item: Item) => Promise<Reply> {
  let waiting: Asked<Item, Reply>[] = [];

  async function send(batch: readonly Asked<Item, Reply>[]): Promise<void> {
    try {
      const replies = await call(batch.map(({ item }) => item));
      batch.forEach(({ resolve, reject }, i) => {
        const reply = replies[i];
        if (reply instanceof Error) reject(reply);
        else resolve(reply as Reply);
      });
    } catch (error) {
      for (const { reject } of batch) reject(unavailable("call", error));
    }
  }

  function flush(): void {
    const all = waiting;
    waiting = [];
    for (let from = 0; from < all.length; from += max) void send(all.slice(from, from + max));
  }

  return (item) =>
    new Promise((resolve, reject) => {
      if (waiting.length === 0) queueMicrotask(flush);
      waiting.push({ item, resolve, reject });
    });
}

function unavailable(verb: string, cause: unknown): StoreUnavailableError {
  if (cause instanceof StoreUnavailableError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new StoreUnavailableError(`The store didn't ${verb}: ${reason}.`, { cause });
}
