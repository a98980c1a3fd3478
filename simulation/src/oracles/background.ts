import { parseAttemptId } from "@exactly-once/core/ports";
import type { ServiceParts } from "../scenarios/service.js";
import type { QueueOracle } from "./queue.js";
import type { Report } from "./violations.js";

export interface BackgroundOracle {
  /** The same parts, with an eye on what is asked of them. */
  watch(parts: ServiceParts): ServiceParts;
}

/**
 * Nothing is begun or sent but within the invocation that claimed the key: what a frozen sandbox had
 * pending must not go on in a later one. Where the queue confirmed the visibility that the invocation
 * asked for, no attempt is asked for after it.
 */
export function backgroundOracle(
  invocation: () => number,
  queueRules: QueueOracle,
  report: Report,
): BackgroundOracle {
  /** Of a claim, by its owner: the invocation that made it, and whether its message was hidden for it. */
  const claims = new Map<string, { readonly invocation: number; readonly hidden: boolean }>();
  const hidden = new Set<string>();

  function mustBeNow(what: string, owner: string): void {
    const claimed = claims.get(owner)?.invocation;
    if (claimed === invocation()) return;
    report("nothing in the background", `${what} by ${owner} of invocation ${claimed}`);
  }

  return {
    watch: ({ store, queue, mailer, ...parts }) => ({
      ...parts,
      queue: {
        ...queue,
        extend: async (items) => {
          hidden.clear();
          const replies = await queue.extend(items);
          items.forEach(({ message }, index) => {
            if (replies[index] === "ok") hidden.add(message.id);
          });
          return replies;
        },
      },
      store: {
        ...store,
        claim: (items) => {
          for (const { owner, messageId } of items) {
            claims.set(owner, { invocation: invocation(), hidden: hidden.has(messageId) });
          }
          return store.claim(items);
        },
        begin: (start) => {
          mustBeNow("begun", start.owner);
          if (claims.get(start.owner)?.hidden) queueRules.onAsked(start);
          return store.begin(start);
        },
      },
      mailer: {
        ...mailer,
        send: (prepared, attempt) => {
          mustBeNow("sent", parseAttemptId(attempt.id)?.owner ?? "");
          return mailer.send(prepared, attempt);
        },
      },
    }),
  };
}
