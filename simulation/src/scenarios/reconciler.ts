import { parseAttemptId, type DedupeStore, type MessageQueue } from "@exactly-once/core";
import type { Life } from "../kernel/host.js";
import type { SesNotice } from "../worlds/ses.js";
import { NAMESPACE } from "./events.js";

/** Settles attempts by the provider's events, and deletes an event only once that is stored. */
export async function reconcilerLoop(
  life: Life,
  queue: MessageQueue,
  store: DedupeStore,
): Promise<void> {
  for (;;) {
    try {
      const messages = await queue.receive({ max: 10, visibilityMs: 15_000, waitMs: 20_000 });
      for (const message of messages) {
        await settleBy(JSON.parse(message.body) as SesNotice, store);
        await queue.acknowledge([message]);
      }
    } catch {
      await life.clock.sleep(2_000);
    }
  }
}

async function settleBy(notice: SesNotice, store: DedupeStore): Promise<void> {
  const ref = parseAttemptId(notice.attemptId);
  if (!ref || notice.namespace !== NAMESPACE) return;
  const receipt = { id: notice.messageId, at: notice.at, via: "event" } as const;
  await store.settle(ref, { status: "accepted", receipt });
}
