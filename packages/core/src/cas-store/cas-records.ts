import { StoreUnavailableError } from "../errors.js";
import { parseAttemptId } from "../identity/attempt-id.js";
import type {
  AttemptRef,
  AttemptStart,
  ClaimReply,
  ClaimRequest,
  DedupeStore,
  ItemReply,
} from "../ports/index.js";
import * as claims from "../record/claims.js";
import * as effects from "../record/effects.js";
import type { RecordPolicy } from "../record/record.js";
import type { RecordExchange } from "./record-exchange.js";

type ClaimOperations = Pick<DedupeStore, "claim" | "extend" | "complete" | "release" | "bury">;
type EffectOperations = Pick<DedupeStore, "begin" | "block" | "settle" | "resolve">;

/** What concerns claims: each is the function of `record/claims.ts` on the record that stands. */
export function casClaims(run: RecordExchange, policy: RecordPolicy): ClaimOperations {
  function claim(request: ClaimRequest): Promise<ClaimReply> {
    return run<ClaimReply>(request.key, {
      change: (found, now) => claims.claim(found, request, now, policy),
      holds: ({ status }) => status === "claimed",
      isBusy: ({ status }) => status === "busy",
    });
  }

  return {
    claim: (items) => eachAlone(items, claim),
    extend: (items) =>
      eachAlone(items, (item) =>
        run(item.key, {
          change: (found, now) => claims.extend(found, item, now, policy),
          holds: (reply) => reply === "extended",
          underLease: true,
        }),
      ),
    complete: (items) =>
      eachAlone(items, (item) =>
        run(item.key, {
          change: (found, now) => claims.complete(found, item, now, policy),
          holds: (reply) => typeof reply === "object",
        }),
      ),
    release: (items) =>
      eachAlone(items, (item) =>
        run(item.key, {
          change: (found, now) => claims.release(found, item, now, policy),
          holds: never,
        }),
      ),
    bury: (item) =>
      run(item.key, {
        change: (found, now) => claims.bury(found, item, now, policy),
        holds: never,
      }),
  };
}

/**
 * What concerns effects: `record/effects.ts` likewise.
 *
 * @param maxSkewMs how far the clocks of two processes may be apart. Whoever judges later whether a request
 *   is stale may have a clock that is ahead, so what is stored as `staleAt` is later by that.
 */
export function casEffects(
  run: RecordExchange,
  policy: RecordPolicy,
  maxSkewMs: number,
): EffectOperations {
  const judgedLater = (start: AttemptStart): AttemptStart => ({
    ...start,
    validityMs: start.validityMs + maxSkewMs,
  });
  return {
    begin: (item) =>
      run(item.key, {
        change: (found, now) => effects.begin(found, judgedLater(item), now),
        holds: (reply) => reply !== "lost",
        underLease: true,
        mustWrite: (reply) => reply === "granted",
      }),
    block: (item) =>
      run(item.key, {
        change: (found, now) => effects.block(found, item, now),
        holds: (reply) => reply !== "lost",
        underLease: true,
      }),
    settle: (item: AttemptRef, outcome, granted) =>
      run(item.key, {
        change: (found, now) =>
          effects.settle(found, item, outcome, now, granted && { ...granted, ...policy }),
        holds: () => "same",
      }),
    resolve: async (attemptId, verdict, who) => {
      const ref = parseAttemptId(attemptId);
      if (!ref) return "notFound";
      return run(ref.key, {
        change: (found, now) => effects.resolve(found, ref, verdict, who, now),
        holds: never,
      });
    },
  };
}

function never(): boolean {
  return false;
}

/** Each item has its own answer; where nothing is known of any, the batch has none. */
async function eachAlone<Item, Reply>(
  items: readonly Item[],
  run: (item: Item) => Promise<Reply>,
): Promise<readonly ItemReply<Reply>[]> {
  const settled = await Promise.allSettled(items.map(run));
  const replies = settled.map((result): ItemReply<Reply> => {
    if (result.status === "fulfilled") return result.value;
    if (result.reason instanceof Error) return result.reason;
    throw result.reason;
  });
  const [first] = replies;
  if (first instanceof StoreUnavailableError && replies.every(isOutage)) throw first;
  return replies;
}

function isOutage(reply: unknown): boolean {
  return reply instanceof StoreUnavailableError;
}
