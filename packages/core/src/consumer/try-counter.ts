/** Messages whose tries are remembered: more than that at a time fail nowhere but in an outage. */
const MAX_KNOWN = 10_000;

/**
 * How often each message failed in this process before it had a key: what comes further is counted in the key's
 * record. Receives aren't tries: a message is received again as another one's sibling, after a pause, or after a
 * restart.
 */
export class TryCounter {
  readonly #failed = new Map<string, number>();

  of(messageId: string): number {
    return this.#failed.get(messageId) ?? 0;
  }

  add(messageId: string): void {
    const before = this.of(messageId);
    // What failed last is remembered longest.
    this.#failed.delete(messageId);
    this.#failed.set(messageId, before + 1);
    const [oldest] = this.#failed.keys();
    if (this.#failed.size > MAX_KNOWN && oldest !== undefined) this.#failed.delete(oldest);
  }

  forget(messageId: string): void {
    this.#failed.delete(messageId);
  }
}
