/** A key with its place in the order in which keys came to need attention. */
export interface AttentionPlace {
  readonly ordinal: number;
  readonly key: string;
}

/** Fewer places that are given up than this aren't worth clearing away. */
const FEW = 64;

/**
 * The keys that may need attention, oldest first. A list of them in pages costs each key one look, however
 * many there are and whatever is settled between two pages.
 */
export class AttentionIndex {
  readonly #ordinals = new Map<string, number>();
  /** Ascending. Also holds places that were given up since. */
  #places: AttentionPlace[] = [];
  #last = 0;

  add(key: string): void {
    if (this.#ordinals.has(key)) return;
    this.#last += 1;
    this.#ordinals.set(key, this.#last);
    this.#places.push({ ordinal: this.#last, key });
  }

  delete(key: string): void {
    if (!this.#ordinals.delete(key)) return;
    if (this.#places.length > 2 * this.#ordinals.size + FEW) {
      this.#places = this.#places.filter((place) => this.#isKept(place));
    }
  }

  /** Those from `ordinal` on. */
  *from(ordinal: number): Iterable<AttentionPlace> {
    const places = this.#places;
    for (let at = this.#firstFrom(ordinal); at < places.length; at += 1) {
      const place = places[at];
      if (place && this.#isKept(place)) yield place;
    }
  }

  #isKept({ ordinal, key }: AttentionPlace): boolean {
    return this.#ordinals.get(key) === ordinal;
  }

  #firstFrom(ordinal: number): number {
    let low = 0;
    let high = this.#places.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#places[middle]?.ordinal ?? Infinity) < ordinal) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
