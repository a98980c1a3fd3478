import { admitInTime } from "./admit-in-time.js";
import type { Admitted } from "./admit-message.js";
import { equalJitter, fullJitter } from "./backoff.js";
import { refusedClaim, tooOld } from "./claim-reply.js";
import { createCommitter, type Committer } from "./commit.js";
import { consumerSettings, type ConsumerOptions } from "./consumer-options.js";
import { isSimulating } from "./delivery.js";
import { DRAINING, type Disposition } from "./disposition.js";
import { createEmit, type MessageFacts } from "./events.js";
import { handleMessage } from "./handle-message.js";
import { fixedLease, type KeptLease } from "./kept-lease.js";
import { hardMargin } from "./lease-keeper.js";
import { leaseTime } from "./lease-time.js";
import type { Lease, QueueMessage } from "./ports/index.js";
import type { RunEnvironment } from "./run.js";
import { keyedDigest } from "./tripwire.js";

/** What a batch processor takes of a consumer's options: it receives, extends and polls nothing. */
export type BatchProcessorOptions = Omit<
  ConsumerOptions,
  "concurrency" | "visibilityMs" | "waitMs" | "maxPollers" | "allowNoDeadLetterQueue" | "ready"
>;

export interface BatchProcessor {
  /**
   * Handles a batch that somebody else received, such as an AWS Lambda invocation: groups side by
   * side, the messages of a group in order, and nothing left in the background when it resolves.
   *
   * Resolves with the ids of the messages that may leave the queue. Every other one has to come
   * back; its visibility is already set for that. Never rejects for a message's sake.
   *
   * @param remainingMs until this invocation is ended from outside; the messages must stay hidden
   *   for at least as long
   */
  process(messages: readonly QueueMessage[], remainingMs: number): Promise<ReadonlySet<string>>;
}

/** Kept of the invocation for telling the queue and answering, in ms. */
const CLOSING_MS = 1_500;
/** What an aborted handler, and then its effects, get of that. */
const GRACE_MS = 500;
/** A sandbox can't stop receiving: an outage's messages are hidden for minutes instead, growing. */
const OUTAGE_BACKOFF = { baseMs: 2 * 60_000, maxMs: 60 * 60_000 };
const HOLD_BACKOFF = { baseMs: 60_000, maxMs: 15 * 60_000 };
const DEFAULT_RETRY = { baseMs: 1_000, maxMs: 5 * 60_000 };

interface Invocation {
  readonly env: RunEnvironment;
  /** On the timeline of leases: when handlers are aborted. */
  readonly deadline: number;
  readonly settled: Set<string>;
}

/** The pipelines of a consumer for a host that receives by itself and may freeze in between. */
export function createBatchProcessor(options: BatchProcessorOptions): BatchProcessor {
  const settings = consumerSettings(options);
  const { clock, randomness, namespace, delivery } = settings;
  const { store, queue, maxReceives } = options;
  const time = leaseTime(clock);
  const emit = createEmit(options.observe, () => clock.now());
  const digest = keyedDigest(settings.digestSecret);

  async function environment(abandon: AbortSignal): Promise<RunEnvironment> {
    let storeIsDown = false;
    const onStoreFault = (error: unknown): void => {
      if (!storeIsDown) emit({ type: "storeDown", error });
      storeIsDown = true;
    };
    const committer: Committer = createCommitter({ clock, randomness, onStoreFault, abandon });
    const control = await store.control?.status(namespace);
    return {
      namespace,
      clock,
      time,
      randomness,
      store,
      committer,
      abandon,
      delivery,
      digest,
      emit,
      marginMs: hardMargin(CLOSING_MS * 4),
      pausedReason: (pipeline) => {
        const pause = control?.namespace ?? control?.pipelines[pipeline];
        return pause && `sending is paused by ${pause.by}`;
      },
      onStoreFault,
      onProviderReply: () => undefined,
    };
  }

  async function process(
    messages: readonly QueueMessage[],
    remainingMs: number,
  ): Promise<ReadonlySet<string>> {
    const settled = new Set<string>();
    const startedAt = time();
    const abandon = new AbortController();
    const closing = new AbortController();
    void clock.sleep(Math.max(0, remainingMs - CLOSING_MS / 2), closing.signal).then(() => {
      abandon.abort();
    });
    try {
      const env = await environment(abandon.signal);
      const deadline = startedAt + Math.max(0, remainingMs - CLOSING_MS);
      const invocation = { env, deadline, settled };
      await Promise.all([...inGroups(messages)].map((group) => handleGroup(invocation, group)));
      await env.committer.settled();
    } catch (error) {
      emit({ type: "storeDown", error });
      await Promise.all(messages.map((message) => handBack(message, outageDelay(message))));
    } finally {
      closing.abort();
    }
    return settled;
  }

  /** A failure ends the group: what comes after it must not overtake it. */
  async function handleGroup(
    invocation: Invocation,
    group: readonly QueueMessage[],
  ): Promise<void> {
    for (const [index, message] of group.entries()) {
      if (await handleOne(invocation, message)) {
        invocation.settled.add(message.id);
        continue;
      }
      await Promise.all(group.slice(index + 1).map((sibling) => handBack(sibling, 0)));
      return;
    }
  }

  /** Whether the message may leave the queue. */
  async function handleOne(invocation: Invocation, message: QueueMessage): Promise<boolean> {
    const { env } = invocation;
    let facts: MessageFacts = factsOf(message);
    let admitted: Admitted | undefined;
    let lease: KeptLease | undefined;
    let disposition: Disposition;
    try {
      const admission = await admitInTime(settings, message, invocation.deadline - time());
      if (admission === undefined) {
        disposition = DRAINING;
      } else if ("refused" in admission) {
        disposition = admission.refused;
      } else {
        admitted = admission.admitted;
        facts = { ...facts, pipeline: admitted.pipeline.name, key: admitted.key.digest };
        lease = fixedLease(message, invocation.deadline);
        disposition = await claimAndHandle(invocation, message, admitted, facts, lease);
      }
    } catch (error) {
      env.onStoreFault(error);
      disposition = { kind: "retry", reason: "storeDown", counts: false, error };
    }
    return conclude(env, message, facts, admitted, lease, disposition);
  }

  async function claimAndHandle(
    { env, deadline }: Invocation,
    message: QueueMessage,
    admitted: Admitted,
    facts: MessageFacts,
    lease: KeptLease,
  ): Promise<Disposition> {
    if (env.pausedReason(admitted.pipeline.name) !== undefined) {
      return { kind: "hold", reason: "paused", attempts: [] };
    }
    const leaseMs = Math.floor(deadline + CLOSING_MS - time());
    if (leaseMs <= CLOSING_MS) {
      return DRAINING;
    }
    const owner = randomness.id();
    const claimedAt = time();
    const [reply] = await store.claim([
      {
        key: admitted.key.digest,
        keyText: admitted.key.text,
        pipeline: admitted.pipeline.name,
        owner,
        leaseMs,
        messageId: message.id,
        fingerprint: admitted.fingerprint,
        simulated: isSimulating(delivery),
      },
    ]);
    if (!reply) throw new Error("The store didn't answer the claim.");
    if (reply.status !== "claimed") {
      if (reply.status === "done") emit({ type: "duplicateSuppressed", ...facts });
      return refusedClaim(admitted, reply);
    }
    const claim: Lease = { key: admitted.key.digest, owner, fence: reply.fence };
    lease.bindClaim(claim, claimedAt + leaseMs);
    emit({ type: "claimed", fence: reply.fence, ...facts });
    const old = tooOld(clock, admitted, message, claim, reply);
    if (old) return old;
    const ended = new AbortController();
    const handling = handleMessage({
      env,
      complete: async (item) => (await store.complete([item]))[0] ?? "lost",
      admitted,
      facts,
      claim,
      effects: reply.effects,
      lease,
      graceMs: GRACE_MS,
      onAbortable: (abort) => {
        void clock.sleep(deadline - time(), ended.signal).then(() => {
          if (!ended.signal.aborted) abort("drain");
        });
      },
    });
    return handling.finally(() => {
      ended.abort();
    });
  }

  async function conclude(
    env: RunEnvironment,
    message: QueueMessage,
    facts: MessageFacts,
    admitted: Admitted | undefined,
    lease: KeptLease | undefined,
    disposition: Disposition,
  ): Promise<boolean> {
    if (disposition.kind === "acknowledge") return true;
    if (disposition.kind === "deadLetter") {
      return deadLetter(env, message, facts, admitted, lease, disposition);
    }
    const { receiveCount } = message;
    if (
      disposition.kind === "retry" &&
      disposition.counts &&
      maxReceives !== undefined &&
      receiveCount >= maxReceives
    ) {
      const text = `Failed ${receiveCount} times, the last time by ${disposition.reason}.`;
      const bury = lease?.claim !== undefined;
      const letter = {
        kind: "deadLetter",
        code: "retriesExhausted",
        text,
        attemptIds: disposition.attemptIds ?? [],
        bury,
      } as const;
      return deadLetter(env, message, facts, admitted, lease, letter);
    }
    await release(env, lease);
    if (disposition.kind === "lost") return false;
    const random = randomness.random();
    const backoff = admitted?.pipeline.retry ?? DEFAULT_RETRY;
    if (disposition.kind === "hold") {
      emit({ type: "held", reason: disposition.reason, attempts: disposition.attempts, ...facts });
      await handBack(
        message,
        disposition.retryAfterMs ?? equalJitter(receiveCount, random, HOLD_BACKOFF),
      );
      return false;
    }
    const { reason, error } = disposition;
    const delayMs =
      reason === "storeDown"
        ? outageDelay(message)
        : (disposition.delayMs ?? fullJitter(receiveCount, random, backoff));
    emit({ type: "retry", reason, delayMs, ...(error === undefined ? {} : { error }), ...facts });
    await handBack(message, delayMs);
    return false;
  }

  async function deadLetter(
    env: RunEnvironment,
    message: QueueMessage,
    facts: MessageFacts,
    admitted: Admitted | undefined,
    lease: KeptLease | undefined,
    letter: Extract<Disposition, { kind: "deadLetter" }>,
  ): Promise<boolean> {
    const { code, text } = letter;
    const claim = lease?.claim;
    try {
      if (letter.bury && admitted) {
        const reply = await store.bury({
          key: admitted.key.digest,
          keyText: admitted.key.text,
          pipeline: admitted.pipeline.name,
          messageId: message.id,
          reason: `${code}: ${text}`,
          ...(claim ? { claim: { owner: claim.owner, fence: claim.fence } } : {}),
        });
        if (reply === "done") return true;
        if (reply !== "dead") {
          await release(env, lease);
          const waitMs = typeof reply === "object" ? reply.tooEarly - clock.now() : 60_000;
          await handBack(message, Math.max(1_000, waitMs));
          return false;
        }
      }
      const { attemptIds } = letter;
      const copied = await queue.deadLetter(message, { code, text, attemptIds });
      if (copied === "copied") {
        emit({ type: "deadLettered", code, text, ...facts });
        return true;
      }
      if ("impossible" in copied) {
        emit({ type: "deadLetterImpossible", code, why: copied.impossible, ...facts });
      }
    } catch (error) {
      emit({
        type: "retry",
        reason: "deadLetterFailed",
        delayMs: outageDelay(message),
        error,
        ...facts,
      });
    }
    await handBack(message, outageDelay(message));
    return false;
  }

  function outageDelay(message: QueueMessage): number {
    return equalJitter(message.receiveCount, randomness.random(), OUTAGE_BACKOFF);
  }

  async function handBack(message: QueueMessage, delayMs: number): Promise<void> {
    try {
      await queue.retryLater([{ message, visibilityMs: delayMs }]);
    } catch {
      // It comes back all the same when its visibility ends.
    }
  }

  async function release(env: RunEnvironment, lease: KeptLease | undefined): Promise<void> {
    if (!lease?.claim) return;
    try {
      await store.release([lease.claim]);
    } catch (error) {
      env.onStoreFault(error);
    }
    lease.unbindClaim();
  }

  return { process };
}

/** Messages of one group in the order given; messages without one stand alone. */
function inGroups(messages: readonly QueueMessage[]): Iterable<readonly QueueMessage[]> {
  const groups = new Map<string, QueueMessage[]>();
  for (const message of messages) {
    const name =
      message.groupId === undefined ? `message:${message.id}` : `group:${message.groupId}`;
    const group = groups.get(name);
    if (group) group.push(message);
    else groups.set(name, [message]);
  }
  return groups.values();
}

function factsOf(message: QueueMessage): MessageFacts {
  return {
    messageId: message.id,
    receiveCount: message.receiveCount,
    ...(message.groupId === undefined ? {} : { groupId: message.groupId }),
  };
}
