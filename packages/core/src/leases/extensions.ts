import pLimit from "p-limit";
import type { Emit } from "../events.js";
import type { DedupeStore, MessageQueue, QueueReply } from "../ports/index.js";
import type { KeptDelivery } from "./kept-delivery.js";

const PARALLEL_CALLS = 5;

export interface ExtensionsOptions {
  readonly time: () => number;
  readonly queue: MessageQueue;
  readonly store: DedupeStore;
  readonly emit: Emit;
  readonly onStoreFault: (error: unknown) => void;
}

interface Asked {
  readonly delivery: KeptDelivery;
  /** As it was when it was asked for: a later delivery has another handle. */
  readonly message: KeptDelivery["message"];
  readonly visibilityMs: number;
}

/**
 * Makes the calls that extend leases. Each asks the queue first and the store second, so that the
 * store's lease never outlives the confirmed visibility.
 */
export class Extensions {
  readonly #options: ExtensionsOptions;
  readonly #limit = pLimit(PARALLEL_CALLS);

  constructor(options: ExtensionsOptions) {
    this.#options = options;
  }

  /** @returns when both have answered; never rejects */
  async extend(batch: readonly KeptDelivery[]): Promise<void> {
    try {
      await this.#limit(() => this.#extendNow(batch));
    } catch (error) {
      this.#options.emit({ type: "internalError", error });
    }
  }

  async #extendNow(batch: readonly KeptDelivery[]): Promise<void> {
    const sentAt = this.#options.time();
    const asked = batch.flatMap((delivery): readonly Asked[] => {
      if (!delivery.isLost) {
        const visibilityMs = delivery.extensionMs(sentAt);
        return [{ delivery, message: delivery.message, visibilityMs }];
      }
      // Lost while it waited for its turn: a later delivery of it has to be extended again.
      delivery.answered();
      return [];
    });
    if (asked.length === 0) return;
    const confirmed = await this.#extendVisibility(asked, sentAt);
    await this.#extendClaims(confirmed.filter(({ claim }) => claim !== undefined));
  }

  /** @returns those that the queue hides for longer now */
  async #extendVisibility(
    asked: readonly Asked[],
    sentAt: number,
  ): Promise<readonly KeptDelivery[]> {
    const { queue, emit } = this.#options;
    let replies: readonly QueueReply[];
    try {
      replies = await queue.extend(asked);
    } catch (error) {
      emit({ type: "extendFailed", error });
      for (const { delivery } of asked) {
        delivery.answered();
        if (!delivery.isLost) delivery.retrySoon();
      }
      return [];
    }
    /** Until when each was hidden before, of those that are hidden for longer now. */
    const ends: number[] = [];
    const confirmed = asked
      .filter((item, index) => {
        const end = item.delivery.visibleUntil;
        const isConfirmed = conclude(item, replies[index], sentAt);
        if (isConfirmed) ends.push(end);
        return isConfirmed;
      })
      .map(({ delivery }) => delivery);
    if (emit.read) {
      const failed = asked.length - confirmed.length;
      const marginMs = Math.min(...ends) - this.#options.time();
      const margin = ends.length === 0 ? {} : { marginMs };
      emit({ type: "extended", count: confirmed.length, failed, ...margin });
    }
    return confirmed;
  }

  async #extendClaims(deliveries: readonly KeptDelivery[]): Promise<void> {
    if (deliveries.length === 0) return;
    const { store, time, onStoreFault } = this.#options;
    const sentAt = time();
    const asked = deliveries.flatMap((delivery) => {
      const { claim, visibleUntil } = delivery;
      return claim ? [{ delivery, claim, leaseMs: Math.max(1, visibleUntil - sentAt) }] : [];
    });
    try {
      const replies = await store.extend(
        asked.map(({ claim: { key, owner, fence }, leaseMs }) => ({ key, owner, fence, leaseMs })),
      );
      asked.forEach(({ delivery, claim, leaseMs }, index) => {
        if (delivery.isLost || delivery.claim !== claim) return;
        const reply = replies[index];
        if (reply instanceof Error) {
          onStoreFault(reply);
          delivery.retrySoon();
        } else if (reply === "extended") {
          delivery.confirmClaim(sentAt + leaseMs);
        } else {
          delivery.lose();
          delivery.onLost("claim");
        }
      });
    } catch (error) {
      onStoreFault(error);
      for (const { delivery } of asked) if (!delivery.isLost) delivery.retrySoon();
    }
  }
}

/** @returns whether the queue hides the message for longer now */
function conclude(
  { delivery, message, visibilityMs }: Asked,
  reply: QueueReply | undefined,
  sentAt: number,
): boolean {
  delivery.answered();
  if (delivery.isLost) return false;
  // A newer delivery came meanwhile: this reply speaks of a handle that is over.
  if (delivery.message !== message) {
    delivery.reschedule();
    return false;
  }
  if (reply === "ok") {
    delivery.confirm(sentAt + visibilityMs);
    return true;
  }
  if (reply === "lost") {
    delivery.loseVisibility();
    delivery.onLost("visibility");
  } else {
    delivery.retrySoon();
  }
  return false;
}
