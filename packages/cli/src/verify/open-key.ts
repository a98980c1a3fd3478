import { receiptHash, type Finished } from "./finished-keys.js";

export type AttemptStatus = "begun" | "accepted" | "rejected" | "unknown";

export interface SeenAttempt {
  readonly source: string;
  readonly fence: number;
  status: AttemptStatus;
}

export interface SeenEffect {
  readonly attempts: Map<string, SeenAttempt>;
  /** Receipts of accepted attempts, and those that were given instead of a second send. */
  readonly receipts: Set<string>;
  /** A receipt without an id was seen: an operator's word. */
  isSettledByWord: boolean;
  isWaived: boolean;
}

/** A key that isn't done yet, as far as the stream has told. */
export class OpenKey {
  /** The owner of each claim, by its fence. */
  readonly owners = new Map<number, string>();
  /** The fence of each source's last claim. */
  readonly claims = new Map<string, number>();
  readonly effects = new Map<string, SeenEffect>();

  effect(slot: string): SeenEffect {
    let effect = this.effects.get(slot);
    if (!effect) {
      effect = {
        ...{ attempts: new Map(), receipts: new Set(), isSettledByWord: false, isWaived: false },
      };
      this.effects.set(slot, effect);
    }
    return effect;
  }

  finished(fence: number): Finished {
    let receipts = 0;
    let effects = 0;
    for (const [slot, { receipts: ids }] of this.effects) {
      for (const id of ids) {
        receipts ^= receiptHash(slot, id);
        effects += 1;
      }
    }
    return { fence, effects, receipts, isDead: false };
  }
}
