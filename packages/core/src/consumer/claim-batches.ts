import type { Admitted } from "../pipeline/admitted.js";
import { createBatcher, type Batcher } from "../timing/batcher.js";
import type { Flight } from "./in-flight-message.js";
import type { ClaimReply } from "../ports/index.js";
import type { RunEnvironment } from "../run/run.js";

const BATCH = 100;

export interface ClaimItem {
  readonly flight: Flight;
  readonly admitted: Admitted;
  /** A fresh random id for this claim. */
  readonly owner: string;
}

export interface ClaimResult {
  readonly reply: ClaimReply;
  /** Until when the store holds the claim, counted from the request. */
  readonly claimedUntil: number;
}

/** Claims in batches over all lanes. A claim never outlives what the queue has confirmed. */
export function createClaims(
  { clock, time, store, abandon: stopping }: RunEnvironment,
  simulated: boolean,
): Batcher<ClaimItem, ClaimResult> {
  async function call(items: readonly ClaimItem[]): Promise<readonly ClaimResult[]> {
    const sentAt = time();
    const asked = items.map(({ flight, admitted, owner }) => ({
      key: admitted.key.digest,
      keyText: admitted.key.text,
      pipeline: admitted.pipeline.name,
      owner,
      leaseMs: Math.max(1, Math.floor(flight.kept.visibleUntil - sentAt)),
      messageId: flight.id,
      fingerprint: admitted.fingerprint,
      simulated,
    }));
    const replies = await store.claim(asked);
    return replies.map((reply, index) => ({
      reply,
      claimedUntil: sentAt + (asked[index]?.leaseMs ?? 0),
    }));
  }

  return createBatcher({ clock, max: BATCH, lingerMs: 0, stopping, call });
}
