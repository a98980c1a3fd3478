/** After a refusal that may be everybody's trouble, all sending waits this long, ms. */
export const doubtWaitMs = 30_000;
/** So often an email is refused, with others accepted in between, until it is taken for its own. */
const roundsToBlame = 3;
/** Emails in doubt to remember; beyond it the oldest start anew. */
const maxRemembered = 1_000;

interface Doubt {
  readonly rounds: number;
  /** Emails that SES had accepted by the last refusal. */
  readonly accepted: number;
}

/**
 * Tells an email that SES refuses for itself from trouble that would meet every email, where SES's
 * words don't: what is refused again and again while others are accepted in between is to blame
 * itself. Until then it counts as trouble, which no message is dead-lettered for.
 */
export class Doubts {
  readonly #byEmail = new Map<string, Doubt>();
  #accepted = 0;

  /** SES took an email. */
  accepted(): void {
    this.#accepted += 1;
  }

  /** Whether the refusal of this email, named by whatever stays the same, is its own fault. */
  isItsOwn(email: string): boolean {
    const before = this.#byEmail.get(email);
    const othersPassed = before !== undefined && before.accepted < this.#accepted;
    const rounds = (before?.rounds ?? 0) + (before === undefined || othersPassed ? 1 : 0);
    this.#byEmail.delete(email);
    if (rounds >= roundsToBlame) return true;
    this.#byEmail.set(email, { rounds, accepted: this.#accepted });
    const [oldest] = this.#byEmail.keys();
    if (this.#byEmail.size > maxRemembered && oldest !== undefined) this.#byEmail.delete(oldest);
    return false;
  }
}
