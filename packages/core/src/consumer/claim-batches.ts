import { createBatcher, type Batcher } from "../timing/batcher.js";
import { claimRequest } from "../message/claim-request.js";
import type { ClaimResult } from "../message/process.js";
import type { ItemReply } from "../ports/index.js";
import type { Admitted } from "../pipeline/admitted.js";
import type { RunEnvironment } from "../run/run.js";
import type { InFlightMessage } from "./in-flight-message.js";

const BATCH = 100;

export interface ClaimItem {
  readonly message: InFlightMessage;
  readonly admitted: Admitted;
  readonly owner: string;
}

/** Claims in batches over all groups. A claim never outlives what the queue has confirmed. */
export function createClaims(env: RunEnvironment): Batcher<ClaimItem, ClaimResult> {
  const { clock, time, store, abandon: stopping } = env;

  async function call(items: readonly ClaimItem[]): Promise<readonly ItemReply<ClaimResult>[]> {
    const sentAt = time();
    const asked = items.map(({ message, admitted, owner }) => {
      const leaseMs = Math.max(1, Math.floor(message.lease.visibleUntil - sentAt));
      return claimRequest(env, admitted, message.id, owner, leaseMs);
    });
    const replies = await store.claim(asked);
    return replies.map((reply, index) => {
      if (reply instanceof Error) return reply;
      return { reply, claimedUntil: sentAt + (asked[index]?.leaseMs ?? 0) };
    });
  }

  return createBatcher({ clock, max: BATCH, lingerMs: 0, stopping, call });
}
