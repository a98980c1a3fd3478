import { optionsOf } from "../options.js";
import type { Alarm } from "./alarm.js";
import { judge, type Answers, type Need } from "./answers.js";
import type { FoundUsersCache } from "./found-users.js";
import type { DeferReason, LookupOptions, LookupResult } from "./lookup.js";
import type { UserCacheSettings } from "./options.js";
import type { Refresher } from "./refresher.js";

const checkLookup = optionsOf("lookup");
const ANY_TIME = { from: 0, to: Number.MAX_SAFE_INTEGER };
const MAX_CLOCK_SKEW_MS = 300_000;
const LEAST_RETRY_MS = 1_000;
const MOST_RETRY_MS = 300_000;

export interface LookupsOptions<User> extends UserCacheSettings<User> {
  readonly answers: Answers<User>;
  readonly found: FoundUsersCache<User> | undefined;
  readonly refresher: Pick<Refresher, "snapshot" | "demand" | "estimateMs">;
  /** Rings with each new snapshot, and at the end. */
  readonly changed: Alarm;
  readonly isStopped: () => boolean;
}

/** One lookup: an answer by what is known, a short wait for more, or a time to come back. */
export class Lookups<User> {
  readonly #options: LookupsOptions<User>;

  constructor(options: LookupsOptions<User>) {
    this.#options = options;
  }

  async look(id: string, lookup: LookupOptions<User>): Promise<LookupResult<User>> {
    const { clock, answers, found, refresher, changed, isStopped } = this.#options;
    const { signal } = lookup;
    const waitMs = checkLookup.ms("waitMs", lookup.waitMs ?? this.#options.waitMs, { from: 0 });
    const until = clock.monotonic() + waitMs;
    const need = this.#needOf(lookup);
    let mayAsk = found !== undefined;
    for (;;) {
      if (isStopped()) return this.#defer(LEAST_RETRY_MS);
      const known = answers.answer(id, need);
      if (known !== undefined) return known;
      const leftMs = until - clock.monotonic();
      if (mayAsk && found !== undefined) {
        mayAsk = false;
        const single = await found.ask(id, Math.max(0, leftMs), signal);
        const told = single && judge(single, need);
        if (told !== undefined) return told;
        // The source can be asked, but not yet for this: no walk is needed.
        if (single !== undefined) return this.#defer(need.freshAfter - clock.now());
        continue;
      }
      refresher.demand(this.#asOfFor(need));
      if (leftMs <= 0 || signal?.aborted === true) {
        return this.#defer(refresher.estimateMs(need.freshAfter));
      }
      await changed.wait(leftMs, signal);
    }
  }

  #needOf({ freshAfter, acceptable }: LookupOptions<User>): Need<User> {
    const { clock, listingDelayMs } = this.#options;
    const asOf = checkLookup.number("freshAfter", freshAfter ?? 0, ANY_TIME);
    const isAsked = asOf > 0 && asOf <= clock.now() + MAX_CLOCK_SKEW_MS;
    return {
      freshAfter: isAsked ? asOf + listingDelayMs : 0,
      acceptable: acceptable ?? (() => true),
    };
  }

  /** When a walk that could answer begins: as the lookup asks, or simply after the last one. */
  #asOfFor({ freshAfter }: Need<User>): number {
    const asOf = this.#options.refresher.snapshot?.asOf ?? -Infinity;
    return asOf < freshAfter ? freshAfter : asOf + 1;
  }

  #defer(inMs: number): LookupResult<User> {
    const guess = inMs * (1 + this.#options.randomness.random() / 5);
    const retryAfterMs = Math.round(Math.min(MOST_RETRY_MS, Math.max(LEAST_RETRY_MS, guess)));
    return { status: "defer", retryAfterMs, reason: this.#reasonToDefer() };
  }

  #reasonToDefer(): DeferReason {
    const { answers, refresher, isStopped } = this.#options;
    if (isStopped()) return "stopped";
    if (answers.usable() !== undefined) return "refreshing";
    return refresher.snapshot === undefined ? "cold" : "expired";
  }
}
