/** A promise that a run broke. */
export interface Violation {
  readonly oracle: string;
  /** True virtual time, ms. */
  readonly at: number;
  readonly text: string;
}

export type Report = (oracle: string, text: string) => void;
