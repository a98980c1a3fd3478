/** The only source of chance for everything in this package. */
export interface Randomness {
  /** A number in [0, 1), for jitter. */
  random(): number;
  /**
   * A fresh owner id: at least 96 bits of entropy, characters `[0-9a-z]`, at most 32 long.
   * It is part of every attempt id, so `-` would make those ambiguous.
   */
  id(): string;
}
