import { judgeFindings, queueFindings, startChecks, tryBudget } from "../consumer/deployment.js";
import { hostSettings, type HostOptions } from "../consumer/options.js";
import { optionsOf } from "../options.js";
import { createEmit } from "../events.js";
import { leaseTime } from "../leases/lease-time.js";
import type { QueueMessage } from "../ports/index.js";
import { Breakers } from "../run/breakers.js";
import { Consents } from "../run/consents.js";
import { ControlReadings } from "../run/control-readings.js";
import { keyedDigest } from "../run/tripwire.js";
import type { BatchLimits } from "./batch-concluder.js";
import { Invocation, type BatchHost } from "./invocation.js";
import { StartChecks } from "./start-checks.js";

/** What a batch processor takes of a consumer's options: it receives, extends and polls nothing. */
export type BatchProcessorOptions = HostOptions;

/** Pipelines for a host that receives by itself. */
export interface BatchProcessor {
  /**
   * Looks at the queue, until it has answered once; a host calls it before each batch. A queue that can't
   * be asked now (`describeFailed`) is asked by the next call; until then only `maxTries` limits tries.
   *
   * @throws ConfigurationError where the queue can't keep the promises
   */
  verifyQueue(): Promise<void>;
  /**
   * Handles a batch that somebody else received, such as an AWS Lambda invocation: groups side by
   * side, the messages of a group in order, and nothing left in the background when it resolves.
   *
   * Resolves with the ids of the messages that may leave the queue. Every other one has to come
   * back; its visibility is already set for that. Never rejects for a message's sake.
   *
   * The store's and the senders' own checks come first, until each has passed once. What is away is
   * told (`storeUnavailable`, `senderUnavailable`), and the batch is handled all the same.
   *
   * @param remainingMs until this invocation is ended from outside; the messages must stay hidden
   *   for at least as long
   * @throws ConfigurationError where a check says what an operator has to mend
   */
  process(messages: readonly QueueMessage[], remainingMs: number): Promise<ReadonlySet<string>>;
  /** Tells the processor's observer of an extension that its host made, and that failed. */
  extendFailed(error: unknown): void;
}

/** The pipelines of a consumer for a host that receives by itself and may freeze in between. */
export function createBatchProcessor(
  options: BatchProcessorOptions,
  caller = "createBatchProcessor",
): BatchProcessor {
  const settings = hostSettings(optionsOf(caller), options);
  const { clock, randomness } = settings;
  const time = leaseTime(clock);
  let limits: BatchLimits = { maxTries: settings.maxTries, mostReceives: undefined };
  const host: Omit<BatchHost, "limits"> = {
    queue: settings.queue,
    store: settings.store,
    settings,
    time,
    emit: createEmit(options.observe, settings),
    digest: keyedDigest(settings.digestSecret),
    consents: new Consents(time),
    control: new ControlReadings(),
    breakers: new Breakers({ time, random: randomness.random, onChange: () => undefined }),
  };
  const judge = { caller, allow: settings.allow, emit: host.emit };
  const checks = new StartChecks(
    startChecks(judge, host.store, options.pipelines),
    clock,
    host.emit,
  );
  let queueIsKnown = false;
  return {
    verifyQueue: async () => {
      if (queueIsKnown) return;
      const description = await host.queue.describe().catch((error: unknown) => {
        host.emit({ type: "describeFailed", error });
      });
      if (!description) return;
      judgeFindings(judge, "queue", queueFindings(description));
      limits = {
        maxTries: tryBudget(caller, settings.maxTries, description),
        mostReceives: description.deadLetter?.maxReceiveCount,
      };
      queueIsKnown = true;
    },
    extendFailed: (error) => {
      host.emit({ type: "extendFailed", error });
    },
    process: async (messages, remainingMs) => {
      const startedAt = time();
      await checks.make(remainingMs);
      const left = remainingMs - (time() - startedAt);
      const invocation = new Invocation({ ...host, limits }, left);
      try {
        return await invocation.process(messages);
      } finally {
        invocation.end();
      }
    },
  };
}
