import type { Resolver } from "./operator.js";

/** A pause, for a whole namespace or one pipeline of it. */
export interface Pause {
  readonly by: string;
  readonly why: string;
  readonly at: number;
}

export interface ControlState {
  /** Set when the whole namespace is paused. */
  readonly namespace?: Pause;
  /** Paused pipelines by name. */
  readonly pipelines: Readonly<Record<string, Pause>>;
}

export interface ControlFlags {
  pause(namespace: string, pipeline: string | undefined, who: Resolver): Promise<void>;
  resume(namespace: string, pipeline: string | undefined): Promise<void>;
  status(namespace: string): Promise<ControlState>;
}
