import type { Emit } from "../events.js";
import type { Pipeline } from "../pipeline/pipeline.js";
import type { RunEnvironment } from "../run/run.js";
import type { HeldOfPipeline } from "./held-messages.js";

export interface PipelineHealth {
  /** Its messages are handled now. */
  readonly ready: boolean;
  /** Why they wait. */
  readonly reason?: string;
  /** How many wait in place, with those of their FIFO groups behind them. */
  readonly held: number;
}

export interface PipelineGatesOptions {
  readonly pipelines: readonly Pipeline[];
  readonly breakers: RunEnvironment["breakers"];
  readonly pausedReason: (pipeline: string) => string | undefined;
  /** What of the pipeline waits in place. */
  readonly heldOf: (pipeline: string) => HeldOfPipeline;
  readonly emit: Emit;
}

/**
 * Which pipelines can send just now: not one that is paused, or all of whose providers are in trouble
 * or throttle. A sick pipeline's messages wait in place; only when all are sick is nothing received.
 */
export class PipelineGates {
  readonly #options: PipelineGatesOptions;
  /** Those of which was told that they wait. */
  readonly #told = new Set<string>();

  constructor(options: PipelineGatesOptions) {
    this.#options = options;
  }

  blockedBecause(pipeline: Pipeline): string | undefined {
    const { pausedReason, breakers } = this.#options;
    return pausedReason(pipeline.name) ?? breakers.unavailableBecause(pipeline);
  }

  /** Why a message that was received now would only wait, whichever pipeline's it is. */
  allBlockedBecause(): string | undefined {
    let reason: string | undefined;
    for (const pipeline of this.#options.pipelines) {
      reason = this.blockedBecause(pipeline) ?? this.#triedBecause(pipeline);
      if (reason === undefined) return undefined;
    }
    return reason;
  }

  /** When one of them may be unblocked by time going by; on the timeline of leases. */
  changesAt(): number {
    const { pipelines, breakers } = this.#options;
    return Math.min(...pipelines.map((pipeline) => breakers.changesAt(pipeline)));
  }

  /** How many messages there is use for: few while providers are only being tried again. */
  limit(): number {
    let limit = 0;
    for (const pipeline of this.#options.pipelines) {
      if (this.blockedBecause(pipeline) === undefined) limit += this.#wantedBy(pipeline);
    }
    return limit;
  }

  health(): Readonly<Record<string, PipelineHealth>> {
    return Object.fromEntries(
      this.#options.pipelines.map((pipeline) => {
        const reason = this.#notReadyBecause(pipeline);
        const held = this.#options.heldOf(pipeline.name).count;
        return [
          pipeline.name,
          { ready: reason === undefined, ...(reason === undefined ? {} : { reason }), held },
        ];
      }),
    );
  }

  /** Tells of what changed. */
  review(): void {
    const { pipelines, emit } = this.#options;
    for (const pipeline of pipelines) {
      const { name } = pipeline;
      const reason = this.#notReadyBecause(pipeline);
      if (reason !== undefined && !this.#told.has(name)) {
        this.#told.add(name);
        emit({ type: "sendingPaused", pipeline: name, reason });
      } else if (reason === undefined && this.#told.delete(name)) {
        emit({ type: "sendingResumed", pipeline: name });
      }
    }
  }

  /** Unlike what is blocked, a pipeline whose provider is only being tried again isn't ready either. */
  #notReadyBecause(pipeline: Pipeline): string | undefined {
    return this.blockedBecause(pipeline) ?? this.#options.breakers.doubtedBecause(pipeline);
  }

  /** What waits in place is tried first. */
  #triedBecause(pipeline: Pipeline): string | undefined {
    return this.#wantedBy(pipeline) > 0
      ? undefined
      : this.#options.breakers.doubtedBecause(pipeline);
  }

  #wantedBy(pipeline: Pipeline): number {
    const { breakers, heldOf } = this.#options;
    const free = breakers.free(pipeline);
    return free === Infinity ? Infinity : Math.max(0, free - heldOf(pipeline.name).forProvider);
  }
}
