/** A line, or the fact that one was too long to be kept. */
export type Line = string | { readonly tooLong: number };

/**
 * Splits a stream of text into its lines, in time linear in its length and in memory bounded by the
 * longest line that is kept: pieces of an unfinished line are joined once, when it ends.
 */
export class LineSplitter {
  readonly #longest: number;
  #pieces: string[] = [];
  #length = 0;

  /** @param longest characters of a line that is kept; of a longer one only the length is told */
  constructor(longest: number) {
    this.#longest = longest;
  }

  /** The lines that end within this piece. */
  *push(chunk: string): Generator<Line, void, undefined> {
    let from = 0;
    for (let at = chunk.indexOf("\n"); at >= 0; at = chunk.indexOf("\n", from)) {
      this.#keep(chunk.slice(from, at));
      yield this.#take();
      from = at + 1;
    }
    this.#keep(chunk.slice(from));
  }

  /** What stood behind the last line feed, if anything did. */
  *end(): Generator<Line, void, undefined> {
    if (this.#length > 0) yield this.#take();
  }

  #keep(piece: string): void {
    this.#length += piece.length;
    if (this.#length <= this.#longest) this.#pieces.push(piece);
    else this.#pieces = [];
  }

  #take(): Line {
    const line = this.#length > this.#longest ? { tooLong: this.#length } : this.#pieces.join("");
    this.#pieces = [];
    this.#length = 0;
    return line;
  }
}
