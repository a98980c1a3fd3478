import { hostSettings, type HostOptions } from "../consumer/options.js";
import { optionsOf } from "../options.js";
import { createEmit } from "../events.js";
import { leaseTime } from "../leases/lease-time.js";
import type { QueueMessage } from "../ports/index.js";
import { Breakers } from "../run/breakers.js";
import { keyedDigest } from "../run/tripwire.js";
import { Invocation, type BatchHost } from "./invocation.js";
import { SenderChecks } from "./sender-checks.js";

/** What a batch processor takes of a consumer's options: it receives, extends and polls nothing. */
export type BatchProcessorOptions = HostOptions;

/** Pipelines for a host that receives by itself. */
export interface BatchProcessor {
  /**
   * Handles a batch that somebody else received, such as an AWS Lambda invocation: groups side by
   * side, the messages of a group in order, and nothing left in the background when it resolves.
   *
   * Resolves with the ids of the messages that may leave the queue. Every other one has to come
   * back; its visibility is already set for that. Never rejects for a message's sake.
   *
   * The senders' own checks come first, until each has passed once. One that finds its provider away is
   * told (`senderUnavailable`), and the batch is handled all the same.
   *
   * @param remainingMs until this invocation is ended from outside; the messages must stay hidden
   *   for at least as long
   * @throws ConfigurationError where a sender's check says what an operator has to mend
   */
  process(messages: readonly QueueMessage[], remainingMs: number): Promise<ReadonlySet<string>>;
}

/** The pipelines of a consumer for a host that receives by itself and may freeze in between. */
export function createBatchProcessor(
  options: BatchProcessorOptions,
  caller = "createBatchProcessor",
): BatchProcessor {
  const settings = hostSettings(optionsOf(caller), options);
  const { clock, randomness } = settings;
  const time = leaseTime(clock);
  const host: BatchHost = {
    queue: settings.queue,
    store: settings.store,
    maxReceives: settings.maxReceives,
    settings,
    time,
    emit: createEmit(options.observe, () => clock.now()),
    digest: keyedDigest(settings.digestSecret),
    breakers: new Breakers({ time, random: randomness.random, onChange: () => undefined }),
  };
  const checks = new SenderChecks(options.pipelines, clock, host.emit);
  return {
    process: async (messages, remainingMs) => {
      const startedAt = time();
      await checks.make(remainingMs);
      const invocation = new Invocation(host, remainingMs - (time() - startedAt));
      try {
        return await invocation.process(messages);
      } finally {
        invocation.end();
      }
    },
  };
}
