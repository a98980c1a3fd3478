import { RunEndedError } from "../errors.js";
import type { Pipeline } from "../pipeline/pipeline.js";
import type { AttemptInfo, Clock, Outcome, Sender } from "../ports/index.js";

/** One request that the provider accepted. */
export interface TestedEffect {
  /** The pipeline that asked for it. */
  readonly pipeline: string;
  readonly effect: string;
  /** What the handler gave to `once`. */
  readonly payload: unknown;
  /** What the pipeline's own sender made of it. */
  readonly prepared: unknown;
  readonly attemptId: string;
}

/** What stands for the providers: how long they take, and what they answer. */
export interface TestedProvider {
  readonly clock: Clock;
  readonly delayMs: () => number;
  /** `n` counts the sends from 1; `undefined` accepts. */
  readonly outcome: (effect: string, prepared: unknown, n: number) => Outcome | undefined;
  readonly lookup: ((effect: string, attempt: AttemptInfo) => Outcome) | undefined;
  /** Told of everything that was accepted. */
  readonly accepted: (effect: TestedEffect) => void;
  /** Told what each run of a handler threw; `undefined` where it ended well. */
  readonly ended: (error: unknown) => void;
}

/** Keeps what it was prepared from beside what is sent. */
interface Prepared {
  readonly payload: unknown;
  readonly prepared: unknown;
}

/**
 * A pipeline with its own schema, key, handler and `prepare`, and with senders that send nothing. What they
 * ask their providers for otherwise (rates, settings) is left out.
 */
export function testedPipeline(pipeline: Pipeline, provider: TestedProvider): Pipeline {
  let sends = 0;

  function tested(effect: string, sender: Sender<unknown>): Sender<unknown, Prepared> {
    const { lookup: _, ...facts } = sender;
    return {
      ...facts,
      prepare: async (payload) => ({ payload, prepared: await sender.prepare(payload) }),
      ...(sender.summarize
        ? { summarize: ({ prepared }: Prepared) => summaryOf(sender, prepared) }
        : {}),
      ...(provider.lookup ? { lookup: lookedUp(effect, provider.lookup) } : {}),
      verify: () => Promise.resolve(),
      admit: () => Promise.resolve(undefined),
      send: async ({ payload, prepared }, attempt) => {
        const n = (sends += 1);
        await provider.clock.sleep(provider.delayMs(), attempt.signal);
        const outcome = provider.outcome(effect, prepared, n);
        if (outcome && outcome.status !== "accepted") return outcome;
        const { pipeline, id: attemptId } = attempt;
        provider.accepted({ pipeline, effect, payload, prepared, attemptId });
        const receipt = { id: `test-${n}`, at: provider.clock.now(), via: "provider" } as const;
        return outcome ?? { status: "accepted", receipt };
      },
    };
  }

  return {
    ...pipeline,
    effects: Object.fromEntries(
      Object.entries(pipeline.effects).map(([name, sender]) => [name, tested(name, sender)]),
    ),
    handler: async (event, context) => {
      try {
        await pipeline.handler(event, context);
        provider.ended(undefined);
      } catch (error) {
        // `defer` and `deadLetter` end a run by an error that says nothing of its own.
        provider.ended(error instanceof RunEndedError ? undefined : error);
        throw error;
      }
    },
  };
}

function summaryOf(sender: Sender<unknown>, prepared: unknown) {
  const summary = sender.summarize?.(prepared);
  if (summary === undefined) throw new TypeError("summarize() answers nothing");
  return summary;
}

function lookedUp(effect: string, lookup: NonNullable<TestedProvider["lookup"]>) {
  return (attempt: AttemptInfo) => Promise.resolve(lookup(effect, attempt));
}
