import type { Resolver } from "./operator.js";

/** A pause, for a whole namespace or one pipeline of it. */
export interface Pause {
  readonly by: string;
  readonly why: string;
  readonly at: number;
}

/** What is paused in a namespace. */
export interface ControlState {
  /** Set when the whole namespace is paused. */
  readonly namespace?: Pause;
  /** Paused pipelines by name. */
  readonly pipelines: Readonly<Record<string, Pause>>;
}

/** Pauses that all replicas obey. */
export interface ControlFlags {
  /**
   * Stops sending, of one pipeline or (`undefined`) of the whole namespace. It takes the place of a pause of
   * that name, unless `unlessPaused` says to leave one that stands as it is: decided and written in one step.
   */
  pause(
    namespace: string,
    pipeline: string | undefined,
    who: Resolver,
    options?: { readonly unlessPaused?: boolean },
  ): Promise<void>;
  /** Ends the pause of that name; others stay. */
  resume(namespace: string, pipeline: string | undefined): Promise<void>;
  /** What is paused now. */
  status(namespace: string): Promise<ControlState>;
}
