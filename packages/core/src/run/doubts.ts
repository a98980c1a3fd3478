/** After a refusal that may be everybody's trouble, all sending waits this long, ms. */
export const DOUBT_WAIT_MS = 30_000;
/** So often a message is refused, with others accepted in between, until it is taken for its own. */
const ROUNDS_TO_BLAME = 3;
/** Messages in doubt to remember; beyond it the oldest start anew. */
const MAX_REMEMBERED = 1_000;

interface Doubt {
  readonly rounds: number;
  /** Messages that the provider had accepted by the last refusal. */
  readonly accepted: number;
}

/**
 * For senders: tells a message that the provider refuses for itself from trouble that would meet every
 * message, where the provider's words don't. What is refused again and again while others are accepted in
 * between is to blame itself. Until then it counts as trouble, which no message is dead-lettered for.
 */
export class Doubts {
  readonly #byMessage = new Map<string, Doubt>();
  #accepted = 0;

  /** The provider took a message. */
  accepted(): void {
    this.#accepted += 1;
  }

  /** Whether the refusal of this message, named by whatever stays the same, is its own fault. */
  isItsOwn(message: string): boolean {
    const before = this.#byMessage.get(message);
    const othersPassed = before !== undefined && before.accepted < this.#accepted;
    const rounds = (before?.rounds ?? 0) + (before === undefined || othersPassed ? 1 : 0);
    this.#byMessage.delete(message);
    if (rounds >= ROUNDS_TO_BLAME) return true;
    this.#byMessage.set(message, { rounds, accepted: this.#accepted });
    const [oldest] = this.#byMessage.keys();
    if (this.#byMessage.size > MAX_REMEMBERED && oldest !== undefined)
      this.#byMessage.delete(oldest);
    return false;
  }
}
