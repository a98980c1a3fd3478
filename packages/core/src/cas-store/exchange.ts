import { StoreUnavailableError } from "../errors.js";
import type { Randomness } from "../ports/index.js";
import type { CasCell, CasWrite } from "./cas-port.js";
import type { PortCalls } from "./port-calls.js";
import type { StoreTime } from "./store-time.js";

/** What is to stand afterwards. */
export type Draft = Pick<CasWrite, "value"> &
  Partial<Pick<CasWrite, "attentionAt" | "expiresAt" | "liveUntil">>;

export interface Decision<Reply> {
  readonly reply: Reply;
  /** Absent where nothing changes. */
  readonly draft?: Draft | undefined;
}

/** Decides from what stands; pure, and may be asked several times. */
export type Decide<Reply> = (cell: CasCell | undefined, now: number) => Decision<Reply>;

/** What is taken to stand until the store says otherwise: `undefined` is "absent". */
export interface Assumption {
  readonly cell: CasCell | undefined;
}

export interface ExchangeHooks<Reply> {
  /**
   * From where to decide without reading first: what this process wrote last, or nothing where the name is
   * likely to be new. It is only a guess: whatever is answered follows a write that the store accepted on
   * it, or a strong read. `undefined`: read.
   */
  assume?(): Assumption | undefined;
  /** Told the reply and what stands now, before the next operation on the name begins. */
  done?(reply: Reply, cell: CasCell | undefined): void;
}

/** Reads, decides and writes under the condition that what was read still stands, until that holds. */
export interface Exchange {
  run<Reply>(name: string, decide: Decide<Reply>, hooks?: ExchangeHooks<Reply>): Promise<Reply>;
}

/** Races that one operation may lose: each was won by another's progress. */
const MAX_RACES = 50;

/**
 * Operations on one name in this process are queued, not raced: each begins when the one before it has
 * its answer, or has waited for it as long as a call may take. So a name stands once in a call.
 *
 * A refused write says nothing about who wrote. The cell is read strongly, and the decision made again.
 */
export function createExchange(
  calls: PortCalls,
  time: StoreTime,
  randomness: Pick<Randomness, "id">,
): Exchange {
  /** The last operation of each name that has one under way. */
  const tails = new Map<string, Promise<unknown>>();

  async function attempt<Reply>(
    name: string,
    decide: Decide<Reply>,
    hooks: ExchangeHooks<Reply>,
  ): Promise<Reply> {
    await calls.learnTime();
    let guess = hooks.assume?.();
    for (let races = 0; races < MAX_RACES; races += 1) {
      const cell = guess === undefined ? await calls.read(name) : guess.cell;
      const { reply, draft } = decide(cell, time.now());
      if (draft === undefined) {
        if (guess === undefined) {
          hooks.done?.(reply, cell);
          return reply;
        }
      } else {
        const item = writeOf(name, cell, draft, randomness.id());
        if ((await calls.write(item)) === "written") {
          const { revision, value } = item;
          hooks.done?.(reply, value === null ? undefined : { revision, value });
          return reply;
        }
      }
      guess = undefined;
    }
    throw new StoreUnavailableError(
      `The cell ${name} was written by others ${MAX_RACES} times in a row: try again later.`,
    );
  }

  return {
    run: async (name, decide, hooks = {}) => {
      const before = tails.get(name);
      const turn =
        before === undefined
          ? attempt(name, decide, hooks)
          : before.then(() => attempt(name, decide, hooks));
      const tail = turn.then(nothing, nothing);
      tails.set(name, tail);
      try {
        return await turn;
      } finally {
        if (tails.get(name) === tail) tails.delete(name);
      }
    },
  };
}

function writeOf(
  name: string,
  cell: CasCell | undefined,
  { value, attentionAt, expiresAt, liveUntil }: Draft,
  revision: string,
): CasWrite {
  return { name, expected: cell?.revision, revision, value, attentionAt, expiresAt, liveUntil };
}

function nothing(): void {}
