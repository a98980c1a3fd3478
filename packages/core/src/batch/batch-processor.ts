import { admitInTime } from "../message/admit-in-time.js";
import type { Admitted } from "../pipeline/admitted.js";
import { createConclusions } from "./batch-conclusions.js";
import { refusedClaim, tooOld } from "../message/claim-reply.js";
import { createCommitter, type Committer } from "../run/commit.js";
import { consumerSettings, type ConsumerOptions } from "../consumer/options.js";
import { isSimulating } from "../pipeline/delivery.js";
import { DRAINING, type Disposition } from "../message/disposition.js";
import { createEmit, type MessageFacts } from "../events.js";
import { handleMessage } from "../message/process.js";
import { fixedLease, type KeptLease } from "../leases/kept-lease.js";
import { hardMargin } from "../leases/lease-keeper.js";
import { leaseTime } from "../leases/lease-time.js";
import type { Lease, QueueMessage } from "../ports/index.js";
import type { RunEnvironment } from "../run/run.js";
import { keyedDigest } from "../run/tripwire.js";

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
  const conclusions = createConclusions({ queue, store, clock, randomness, emit, maxReceives });

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
      await Promise.all(messages.map((message) => conclusions.handBackForOutage(message)));
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
      await Promise.all(group.slice(index + 1).map((sibling) => conclusions.handBack(sibling, 0)));
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
    return conclusions.conclude({ env, message, facts, admitted, lease }, disposition);
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
