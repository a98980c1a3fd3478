import { commonAbortController } from "../timing/common-signal.js";
import type { HostSettings } from "../consumer/options.js";
import { UnreadableRecordError } from "../errors.js";
import type { Emit } from "../events.js";
import { within } from "../pipeline/instrumentation.js";
import { hardMargin } from "../leases/kept-delivery.js";
import { claimRequest } from "../message/claim-request.js";
import { SIBLING, storeDown, type Disposition } from "../message/disposition.js";
import { Company } from "../message/company.js";
import { processMessage, type ClaimResult, type ProcessOptions } from "../message/process.js";
import {
  repliesOf,
  type DedupeStore,
  type MessageQueue,
  type QueueMessage,
} from "../ports/index.js";
import type { Breakers } from "../run/breakers.js";
import { createCommitter } from "../run/commit.js";
import type { Admitted } from "../pipeline/admitted.js";
import type { ControlReadings } from "../run/control-readings.js";
import type { RunEnvironment } from "../run/run.js";
import { TRIPWIRE, type Consents } from "../run/consents.js";
import type { KeyedDigest } from "../run/tripwire.js";
import { BatchConcluder, type BatchLimits } from "./batch-concluder.js";
import { BatchMessage } from "./batch-message.js";

/** Kept of the invocation for telling the queue and answering, in ms. */
const CLOSING_MS = 1_500;
/** What an aborted handler, and then its effects, get of that. */
const GRACE_MS = 500;
/** A pause is obeyed about this long after it, ms. */
const CONTROL_MS = 1_000;

/** What all invocations of a process have in common. */
export interface BatchHost {
  readonly queue: MessageQueue;
  readonly store: DedupeStore;
  readonly limits: BatchLimits;
  readonly settings: HostSettings;
  readonly time: () => number;
  readonly emit: Emit;
  readonly digest: KeyedDigest;
  readonly breakers: Breakers;
  readonly consents: Consents;
  /** One for all: an invocation's reading may be answered in the next one. */
  readonly control: ControlReadings;
}

/**
 * One batch on its way. Shortly before its time is up its handlers are aborted, and half of what is
 * left then it gives up on the store as well.
 */
export class Invocation {
  readonly #host: BatchHost;
  readonly #env: RunEnvironment;
  readonly #concluder: BatchConcluder;
  readonly #turns: ProcessOptions<BatchMessage>;
  /** When handlers are aborted, on the timeline of leases. */
  readonly #deadline: number;
  readonly #abandon = commonAbortController();
  readonly #ended = commonAbortController();
  readonly #watch = new AbortController();
  readonly #underWay = new Set<BatchMessage>();
  #storeFailed = false;

  constructor(host: BatchHost, remainingMs: number) {
    this.#host = host;
    this.#deadline = host.time() + Math.max(0, remainingMs - CLOSING_MS);
    this.#env = this.#environment();
    this.#concluder = new BatchConcluder(this.#env, host.queue, host.limits);
    this.#turns = {
      env: this.#env,
      admission: host.settings,
      claim: (message, admitted, owner) => this.#claim(message, admitted, owner),
      complete: async (item) => repliesOf(await host.store.complete([item]))[0] ?? "lost",
      releaseUntried: (message) => this.#concluder.releaseUntried(message),
      maxTries: () => host.limits.maxTries,
      company: new Company(),
      graceMs: GRACE_MS,
    };
    this.#at(this.#deadline, () => {
      for (const message of this.#underWay) message.abort("drain");
    });
    this.#at(host.time() + remainingMs - CLOSING_MS / 2, () => {
      this.#abandon.abort();
    });
  }

  /** @returns the ids of the messages that may leave the queue */
  async process(messages: readonly QueueMessage[]): Promise<ReadonlySet<string>> {
    const down = await this.#readControl();
    const watching = down ? Promise.resolve() : this.#watchControl();
    const settled = new Set<string>();
    await Promise.all(
      [...inGroups(messages)].map((group) => this.#handleGroup(group, settled, down)),
    );
    await this.#env.committer.settled();
    // Nothing is left in the background, unless the store doesn't answer by the end.
    this.#watch.abort();
    await Promise.race([watching, this.#abandoned()]);
    return settled;
  }

  /** Leaves no timer behind. */
  end(): void {
    this.#ended.abort();
    this.#watch.abort();
  }

  #abandoned(): Promise<void> {
    const { signal } = this.#abandon;
    return new Promise((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => {
        resolve();
      });
    });
  }

  /** @returns what becomes of every message where the store can't be asked */
  async #readControl(): Promise<Disposition | undefined> {
    const { store, settings, control, consents } = this.#host;
    try {
      const taken = store.control && (await control.read(store.control, settings.namespace));
      if (taken) consents.note(control.state);
      return undefined;
    } catch (error) {
      this.#env.onStoreFault(error);
      return storeDown(error);
    }
  }

  /** Until the invocation ends. What was read last counts while the store doesn't answer. */
  async #watchControl(): Promise<void> {
    const { signal } = this.#watch;
    const { clock } = this.#host.settings;
    for (;;) {
      await clock.sleep(CONTROL_MS, signal);
      if (signal.aborted) return;
      await this.#readControl();
    }
  }

  /** A failure ends the group: what comes after it must not overtake it. */
  async #handleGroup(
    group: readonly QueueMessage[],
    settled: Set<string>,
    down: Disposition | undefined,
  ): Promise<void> {
    const rest = [...group];
    for (let received = rest.shift(); received; received = rest.shift()) {
      const message = new BatchMessage(received, this.#deadline);
      const disposition = down ?? (await this.#turn(message));
      if (!(await this.#conclude(message, disposition))) break;
      settled.add(received.id);
    }
    const behind = rest.map((received) => new BatchMessage(received, this.#deadline));
    await Promise.all(
      behind.map(async (sibling) => {
        // Most go back. One that was at its last receive has been dead-lettered.
        if (!(await this.#conclude(sibling, down ?? SIBLING))) return;
        settled.add(sibling.lease.message.id);
      }),
    );
  }

  /** @returns whether the message may leave the queue */
  async #conclude(message: BatchMessage, disposition: Disposition): Promise<boolean> {
    try {
      return await this.#concluder.conclude(message, disposition);
    } catch (error) {
      this.#host.emit({ type: "internalError", error });
      return false;
    }
  }

  async #turn(message: BatchMessage): Promise<Disposition> {
    this.#underWay.add(message);
    if (this.#host.time() >= this.#deadline) message.abort("drain");
    try {
      const { instrument } = this.#env;
      const around = instrument?.turn?.bind(instrument, message.message);
      return await within(around, () => processMessage(this.#turns, message));
    } catch (error) {
      this.#host.emit({ type: "internalError", error });
      return { kind: "retry", reason: "error", counts: true, error };
    } finally {
      this.#underWay.delete(message);
    }
  }

  async #claim(
    message: BatchMessage,
    admitted: Admitted,
    owner: string,
  ): Promise<ClaimResult | undefined> {
    const sentAt = this.#host.time();
    const leaseMs = Math.floor(this.#deadline + CLOSING_MS - sentAt);
    if (leaseMs <= CLOSING_MS) return undefined;
    const request = claimRequest(this.#env, admitted, message.message.id, owner, leaseMs);
    const [reply] = repliesOf(await this.#host.store.claim([request]));
    if (!reply) throw new Error("The store didn't answer the claim.");
    return { reply, claimedUntil: sentAt + leaseMs };
  }

  #environment(): RunEnvironment {
    const { store, settings, time, emit, digest, control } = this.#host;
    const { clock, randomness, namespace, delivery, instrument } = settings;
    const abandon = this.#abandon.signal;
    const flags = store.control;
    const onStoreFault = (error: unknown): void => {
      if (error instanceof UnreadableRecordError) return;
      if (!this.#storeFailed) emit({ type: "storeDown", error });
      this.#storeFailed = true;
    };
    return {
      namespace,
      clock,
      time,
      randomness,
      store,
      committer: createCommitter({ clock, randomness, onStoreFault, abandon }),
      abandon,
      delivery,
      digest,
      emit,
      instrument,
      marginMs: hardMargin(CLOSING_MS * 4),
      pausedReason: (pipeline) => {
        const pause = control.state.namespace ?? control.state.pipelines[pipeline];
        return pause && `sending is paused by ${pause.by}`;
      },
      pause:
        flags &&
        (async (pipeline, why) => {
          await flags.pause(namespace, pipeline, { by: TRIPWIRE, why }, { unlessPaused: true });
          await this.#readControl();
        }),
      consents: this.#host.consents,
      // One fault may be one message's: the next one asks again.
      storeIsDown: () => false,
      onStoreFault,
      breakers: this.#host.breakers,
    };
  }

  #at(time: number, act: () => void): void {
    const delayMs = Math.max(0, time - this.#host.time());
    void this.#host.settings.clock.sleep(delayMs, this.#ended.signal).then(() => {
      if (!this.#ended.signal.aborted) act();
    });
  }
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
