import type { DedupeStore } from "@exactly-once/core";
import { parseAttemptId } from "@exactly-once/core/ports";
import { hashText } from "../kernel/hash.js";
import type { Life } from "../kernel/host.js";
import type { SesWorld } from "../worlds/ses.js";

export const WHO = { by: "operator", why: "looked it up" };

/**
 * An honest operator: looks at what is unresolved and says what is true at that moment, as far as
 * anybody can know it. As the operator's tool does, "not sent" is said from its time on only: said
 * before, and executed late, it would be taken for one that was looked up in time.
 *
 * @param onHasty somebody who doesn't wait, and is heard at once: the store has to refuse
 */
export async function operatorLoop(
  life: Life,
  store: DedupeStore,
  ses: SesWorld,
  everyMs: number,
  onNotSent: (attemptId: string) => void,
  onHasty: (attemptId: string) => void,
): Promise<void> {
  let saidLast: string | undefined;
  const say = (attemptId: string): void => {
    saidLast = attemptId;
    onNotSent(attemptId);
  };
  for (;;) {
    await life.clock.sleep(everyMs);
    try {
      // A page that is long open still shows it: true of that attempt, and of no later one.
      if (saidLast !== undefined) await store.resolve(saidLast, "not-sent", WHO);
      await lookOnce(life, store, ses, say, onHasty);
    } catch {
      // The store didn't answer: again in a while.
    }
  }
}

async function lookOnce(
  life: Life,
  store: DedupeStore,
  ses: SesWorld,
  onNotSent: (attemptId: string) => void,
  onHasty: (attemptId: string) => void,
): Promise<void> {
  const { items } = await store.unresolved();
  for (const { attempt } of items) {
    if (attempt.state === "blocked") {
      const allow = hashText(attempt.attemptId) % 2 === 0;
      await store.resolve(attempt.attemptId, allow ? "allow" : "drop", WHO);
      continue;
    }
    const { key = "", effect = "" } = parseAttemptId(attempt.attemptId) ?? {};
    // Of a repetition it is the effect that was sent, whichever of its attempts the provider took.
    const sent = ses.mailOfEffect(`${key}-${effect}`) !== undefined;
    if (!sent && life.clock.now() < attempt.staleAt) {
      onHasty(attempt.attemptId);
      continue;
    }
    const reply = await store.resolve(attempt.attemptId, sent ? "sent" : "not-sent", WHO);
    if (!sent && reply === "resolved") onNotSent(attempt.attemptId);
  }
}
