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
  readonly ask: () => Promise<Answer<AccountFacts>>;
  readonly onFacts: (facts: AccountFacts) => void;
}

/** Asks SES about the account: one call at a time, whoever wants to know. */
export class Account {
  readonly #options: AccountOptions;
  #dueAt = -Infinity;
  #asking: Promise<Answer<AccountFacts>> | undefined;

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

  ask(): Promise<Answer<AccountFacts>> {
    return (this.#asking ??= this.#ask().finally(() => (this.#asking = undefined)));
  }

  /** Asks where that is due, and waits for the answer, but not for longer than `maxWaitMs`. */
  async freshen(signal: AbortSignal, maxWaitMs: number): Promise<void> {
    if (!this.due) return;
    const { clock } = this.#options;
    const answered = new AbortController();
    const waiting = AbortSignal.any([signal, answered.signal]);
    await Promise.race([this.ask(), clock.sleep(maxWaitMs, waiting)]);
    answered.abort();
  }

  async #ask(): Promise<Answer<AccountFacts>> {
    const { time, refreshMs, ask, onFacts } = this.#options;
    this.#dueAt = time() + Math.min(askAgainMs, refreshMs);
    const answer = await ask();
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
