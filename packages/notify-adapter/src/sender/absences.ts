/** Askings to remember; beyond it the oldest start anew. */
const MAX_REMEMBERED = 10_000;

/**
 * What was asked for and not found, each time since when. One absence is no proof: a listing may omit
 * what it has, and so it has to be absent twice, some time apart.
 */
export class Absences {
  readonly #since = new Map<string, number>();
  readonly #apartMs: number;

  constructor(apartMs: number) {
    this.#apartMs = apartMs;
  }

  /**
   * Notes that it wasn't found, and says whether it had been absent long enough before.
   *
   * @param at milliseconds on one timeline
   */
  confirmed(id: string, at: number): boolean {
    const since = this.#since.get(id);
    if (since !== undefined) return at - since >= this.#apartMs;
    this.#since.set(id, at);
    const [oldest] = this.#since.keys();
    if (this.#since.size > MAX_REMEMBERED && oldest !== undefined) this.#since.delete(oldest);
    return false;
  }

  /** It was found, or the matter is closed. */
  forget(id: string): void {
    this.#since.delete(id);
  }
}
