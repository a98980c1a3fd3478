/** Answers that a judgement looks back on at most. */
const WINDOW = 20;
/** Troubles among these before anything is concluded from them. */
const MIN_TROUBLES = 5;
/** Milliseconds without a send once it opens, doubling with each probe that fails. */
const FIRST_WAIT_MS = 5_000;
const MAX_WAIT_MS = 30_000;
/** Of a wait, so that replicas don't probe at once. */
const JITTER = 0.2;
/** Milliseconds for which a token is kept for who took it. */
const TOKEN_MS = 60_000;
/** Attempts at a time, doubling with each answer, from which on it is closed again. */
const WIDE_ENOUGH = 32;

/** What an answer says about the provider, whatever it says about the effect. */
export type Sign = "alive" | "trouble";

/**
 * Whether effects of one sender may be begun, judged by what became of the last ones.
 *
 * `closed`: the provider is well; everybody may begin. Kept are the last answers. When at least 5 of the last 20
 * are trouble, and they are half of them or more, it opens. A share, not a row: of a provider that
 * refuses four of five, some are always between.
 *
 * `open`: nobody may begin until a time. What answers now was begun before, and says nothing about
 * now. Who comes first after that time takes it to `halfOpen`.
 *
 * `halfOpen`: as many attempts at a time as there are tokens, at first one. An answer to one of them is
 * a sign: alive doubles the tokens, up to where it is `closed` again; trouble opens it for twice as
 * long. A token whose holder makes no attempt is given back, or is over after a minute.
 *
 * Beside that a provider that throttles has told until when to leave it alone. It is alive.
 */
type State = Closed | Open | HalfOpen;

/** A class, since it changes with each answer. */
class Closed {
  readonly is = "closed";
  /** One bit an answer, the last one lowest: trouble is 1. */
  #last = 0;
  #count = 0;

  /** @returns whether that is too much trouble */
  note(sign: Sign): boolean {
    this.#last = ((this.#last << 1) | (sign === "trouble" ? 1 : 0)) & (2 ** WINDOW - 1);
    this.#count = Math.min(WINDOW, this.#count + 1);
    if (sign === "alive") return false;
    const troubles = ones(this.#last);
    return troubles >= MIN_TROUBLES && 2 * troubles >= this.#count;
  }
}

interface Open {
  readonly is: "open";
  /** What the last trouble was. */
  readonly reason: string;
  readonly until: number;
  readonly waitMs: number;
}

interface HalfOpen {
  readonly is: "halfOpen";
  readonly reason: string;
  readonly waitMs: number;
  /** How many may be taken at a time. */
  readonly width: number;
  /** Until when each holder has one. */
  readonly tokens: ReadonlyMap<string, number>;
}

export interface CircuitBreakerOptions {
  /** The timeline of leases. */
  readonly time: () => number;
  readonly random: () => number;
  /** Called when what `unavailableBecause` says may have changed, but for time going by. */
  readonly onChange: () => void;
}

export class CircuitBreaker {
  readonly #options: CircuitBreakerOptions;
  #state: State = new Closed();
  #throttle: { readonly until: number; readonly reason: string } | undefined = undefined;

  constructor(options: CircuitBreakerOptions) {
    this.#options = options;
  }

  /** Whether the provider is well as far as is known; it may throttle. */
  get isClosed(): boolean {
    return this.#state.is === "closed";
  }

  /** What its trouble is, or was until it is closed again. */
  get doubtedBecause(): string | undefined {
    return this.#state.is === "closed" ? undefined : this.#state.reason;
  }

  /** Whether an attempt now would be a probe. */
  get isProbing(): boolean {
    return this.#state.is === "halfOpen" && this.#state.width === 1;
  }

  /**
   * Why nobody may begin just now; `undefined` where somebody may.
   *
   * @param holder who asks, and may have a token
   */
  unavailableBecause(holder?: string): string | undefined {
    if (this.#throttle && this.#options.time() < this.#throttle.until) return this.#throttle.reason;
    if (this.#state.is === "closed") return undefined;
    const mayBegin = this.free() > 0 || (holder !== undefined && this.#has(holder));
    return mayBegin ? undefined : this.#state.reason;
  }

  /** How many more may begin just now. */
  free(): number {
    switch (this.#state.is) {
      case "closed":
        return Infinity;
      case "open":
        return this.#options.time() < this.#state.until ? 0 : 1;
      case "halfOpen":
        return this.#state.width - taken(this.#state.tokens, this.#options.time());
    }
  }

  /** When `unavailableBecause` may change by time going by; on the timeline of leases. */
  changesAt(): number {
    const throttled = this.#throttle?.until ?? 0;
    switch (this.#state.is) {
      case "closed":
        return throttled;
      case "open":
        return Math.max(throttled, this.#state.until);
      case "halfOpen":
        // Where there are tokens to take, only the throttle is in the way.
        if (this.free() > 0) return throttled;
        return Math.max(throttled, Math.min(...this.#state.tokens.values()));
    }
  }

  /** open → halfOpen, where its time has come. @returns whether this holder may begin */
  take(holder: string): boolean {
    if (this.#state.is === "closed") return true;
    if (this.#has(holder)) return true;
    if (this.free() <= 0) return false;
    const now = this.#options.time();
    const { reason, waitMs } = this.#state;
    const { width, tokens } = this.#state.is === "halfOpen" ? this.#state : UNTRIED;
    const kept = [...tokens].filter(([, until]) => until > now);
    this.#state = {
      is: "halfOpen",
      reason,
      waitMs,
      width,
      tokens: new Map([...kept, [holder, now + TOKEN_MS]]),
    };
    return true;
  }

  /** The holder makes no attempt, or not by now. */
  giveBack(holder: string): void {
    if (this.#state.is !== "halfOpen" || !this.#state.tokens.has(holder)) return;
    this.#state = { ...this.#state, tokens: without(this.#state.tokens, holder) };
    this.#options.onChange();
  }

  /** What the holder's attempt says about the provider. */
  answered(holder: string, sign: Sign, reason: string): void {
    switch (this.#state.is) {
      case "closed":
        if (this.#state.note(sign)) this.#open(FIRST_WAIT_MS, reason);
        return;
      case "open":
        return;
      case "halfOpen":
        if (!this.#state.tokens.has(holder)) return;
        if (sign === "trouble") this.#open(Math.min(MAX_WAIT_MS, 2 * this.#state.waitMs), reason);
        else this.#widen(this.#state, holder);
    }
  }

  /** The provider lives, and says for how long to leave it alone. */
  throttled(forMs: number, reason: string): void {
    const until = this.#options.time() + forMs;
    if (this.#throttle && until <= this.#throttle.until) return;
    this.#throttle = { until, reason };
    this.#options.onChange();
  }

  #has(holder: string): boolean {
    if (this.#state.is !== "halfOpen") return false;
    return (this.#state.tokens.get(holder) ?? 0) > this.#options.time();
  }

  #open(waitMs: number, reason: string): void {
    const { time, random, onChange } = this.#options;
    const until = time() + waitMs * (1 + JITTER * random());
    this.#state = {
      is: "open",
      reason: `the provider is in trouble (${reason})`,
      until,
      waitMs,
    };
    onChange();
  }

  #widen(state: HalfOpen, holder: string): void {
    const width = 2 * state.width;
    this.#state =
      width >= WIDE_ENOUGH
        ? new Closed()
        : { ...state, width, tokens: without(state.tokens, holder) };
    this.#options.onChange();
  }
}

const UNTRIED: Pick<HalfOpen, "width" | "tokens"> = { width: 1, tokens: new Map() };

function taken(tokens: ReadonlyMap<string, number>, now: number): number {
  let count = 0;
  for (const until of tokens.values()) if (until > now) count += 1;
  return count;
}

function without(tokens: ReadonlyMap<string, number>, holder: string): Map<string, number> {
  const left = new Map(tokens);
  left.delete(holder);
  return left;
}

function ones(bits: number): number {
  let count = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}
