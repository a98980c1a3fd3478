import type { ControlFlags, ControlState } from "../ports/index.js";

/**
 * The control flags as they were read last. What counts is when a reading was asked, not when its answer
 * came: an answer that was overtaken could say that a pause is over which hadn't begun when it was asked.
 */
export class ControlReadings {
  #asked = 0;
  /** Which one the newest state is of. */
  #taken = 0;
  #state: ControlState = { pipelines: {} };

  get state(): ControlState {
    return this.#state;
  }

  /** @returns whether the state is this reading's; not where a later one was answered before it */
  async read(flags: ControlFlags, namespace: string): Promise<boolean> {
    this.#asked += 1;
    const mine = this.#asked;
    const state = await flags.status(namespace);
    if (mine < this.#taken) return false;
    this.#taken = mine;
    this.#state = state;
    return true;
  }
}
