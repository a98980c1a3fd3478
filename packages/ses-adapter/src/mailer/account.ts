import { ConfigurationError } from "@exactly-once/core";
import { type Clock } from "@exactly-once/core/ports";
import { SesUnavailableError } from "../errors/ses-unavailable-error.js";
import { classifyFailure, wordFor } from "../wire/classify.js";
import type { Answer } from "../wire/one-request.js";
import type { AccountFacts, SesApi } from "../wire/ses-api.js";

/** SES allows such a call once a second, for all who use the account. After one that failed, ms. */
const askAgainMs = 10_000;

export interface AccountOptions {
  readonly clock: Clock;
  /** Never underestimates what has passed. */
  readonly time: () => number;
  readonly refreshMs: number;
  /** `signal` hangs up. */
  readonly ask: (signal: AbortSignal) => Promise<Answer<AccountFacts>>;
  readonly onFacts: (facts: AccountFacts) => void;
}

/** The one call under way, and how many wait for it. */
interface Asking {
  readonly answer: Promise<Answer<AccountFacts>>;
  readonly hangUp: AbortController;
  waiting: number;
}

/**
 * Asks SES about the account: one call at a time, whoever wants to know, and for as long as anybody does.
 * Otherwise a stopped process would stay for the rest of the call's time limit.
 */
export class Account {
  readonly #options: AccountOptions;
  #dueAt = -Infinity;
  #asking: Asking | undefined;

  constructor(options: AccountOptions) {
    this.#options = options;
  }

  get due(): boolean {
    return this.#asking !== undefined || this.#options.time() >= this.#dueAt;
  }

  /** Makes what is known count as old. */
  expire(): void {
    this.#dueAt = -Infinity;
  }

  /** @param signal ends the interest in the answer; it is a failure then, unless others wait for it */
  async ask(signal?: AbortSignal): Promise<Answer<AccountFacts>> {
    const { answer, leave } = this.#join();
    if (signal?.aborted) leave();
    signal?.addEventListener("abort", leave, { once: true });
    try {
      return await answer;
    } finally {
      signal?.removeEventListener("abort", leave);
      leave();
    }
  }

  /** Asks where that is due, and waits for the answer, but not for longer than `maxWaitMs`. */
  async freshen(signal: AbortSignal, maxWaitMs: number): Promise<void> {
    if (!this.due) return;
    const { clock } = this.#options;
    const { answer, leave } = this.#join();
    const answered = new AbortController();
    const waiting = AbortSignal.any([signal, answered.signal]);
    await Promise.race([answer, clock.sleep(maxWaitMs, waiting)]);
    answered.abort();
    leave();
  }

  #join(): { readonly answer: Promise<Answer<AccountFacts>>; readonly leave: () => void } {
    const asking = (this.#asking ??= this.#begin());
    asking.waiting += 1;
    let waits = true;
    const leave = (): void => {
      if (!waits) return;
      waits = false;
      asking.waiting -= 1;
      if (asking.waiting === 0) asking.hangUp.abort();
    };
    return { answer: asking.answer, leave };
  }

  #begin(): Asking {
    const hangUp = new AbortController();
    const answer = this.#ask(hangUp.signal).finally(() => (this.#asking = undefined));
    return { answer, hangUp, waiting: 0 };
  }

  async #ask(signal: AbortSignal): Promise<Answer<AccountFacts>> {
    const { time, refreshMs, ask, onFacts } = this.#options;
    this.#dueAt = time() + Math.min(askAgainMs, refreshMs);
    const answer = await ask(signal);
    if (answer.kind === "reply") {
      this.#dueAt = time() + refreshMs;
      onFacts(answer.value);
    }
    return answer;
  }
}

/**
 * What a check at start makes of SES's answer.
 *
 * @throws ConfigurationError for what an operator has to mend
 * @throws SesUnavailableError for what passes
 */
export function assertUsable(api: SesApi, answer: Answer<AccountFacts>): void {
  if (answer.kind === "reply") {
    if (answer.value.sendingEnabled) return;
    throw new SesUnavailableError(
      "SES has stopped this account's sending: see the account's page in the SES console.",
    );
  }
  const { error, shot } = answer;
  const sesError = api.errorOf(error);
  const failure = classifyFailure(error, shot, sesError, { from: "", recipients: [] });
  const what = `${api.caller}: SES did not answer ${api.accountCall} (${failure.reason})`;
  // Neither asked nor in time: no credentials, no region, no such endpoint.
  const neverAsked = shot.phase === "armed" && wordFor(error) !== "TimeoutError";
  if (neverAsked || (failure.kind === "refused" && failure.access)) {
    throw new ConfigurationError(
      `${what}: check region and credentials, and allow ${api.permissions}.`,
      { cause: error },
    );
  }
  if (failure.kind === "unknown" && /^status(?!408|429)[34]/.test(failure.reason)) {
    throw new ConfigurationError(`${what}: what answers isn't SES; check the endpoint.`, {
      cause: error,
    });
  }
  throw new SesUnavailableError(`${what}: it is asked again.`, { cause: error });
}
