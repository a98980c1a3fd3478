import type { ControlState } from "../ports/index.js";

/** Who pauses a pipeline that goes beyond its budget. */
export const TRIPWIRE = "tripwire";

/**
 * What operators let pass. A pipeline that the tripwire paused and somebody resumed may go beyond its
 * budget, for as long as it does so without a break: a resume would otherwise end with the next message.
 *
 * Each process learns of a resume by itself, from the control flags. One that didn't see the pause (it
 * started later, or was frozen) pauses again: that costs another resume, never an email too many.
 */
export class Consents {
  readonly #time: () => number;
  /** Pipelines that the tripwire's pause stood on when the flags were read last. */
  #paused: ReadonlySet<string> = new Set();
  /** When a resumed pipeline last was beyond a budget, or was resumed. */
  readonly #lastBeyond = new Map<string, number>();

  constructor(time: () => number) {
    this.#time = time;
  }

  /** To be told of each reading of the control flags. */
  note({ pipelines }: ControlState): void {
    for (const name of this.#paused) {
      if (!Object.hasOwn(pipelines, name)) this.#lastBeyond.set(name, this.#time());
    }
    const standing = Object.entries(pipelines).filter(([, { by }]) => by === TRIPWIRE);
    this.#paused = new Set(standing.map(([name]) => name));
  }

  /** Whether a pipeline that is beyond a budget of so long a window just now goes on. */
  lets(pipeline: string, withinMs: number): boolean {
    const last = this.#lastBeyond.get(pipeline);
    const now = this.#time();
    if (last === undefined || now - last > withinMs) return false;
    this.#lastBeyond.set(pipeline, now);
    return true;
  }
}
