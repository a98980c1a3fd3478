import { formatAttemptId, type Lease } from "@exactly-once/core";
import type { AcceptedMail } from "../worlds/ses.js";
import type { StoreEvent } from "../worlds/store.js";
import type { Ledger } from "./ledger.js";
import type { Report } from "./violations.js";

export interface ClaimOracle {
  onStore(event: StoreEvent): void;
  onMail(mail: AcceptedMail): void;
}

/** One owner per fence, fences that never fall, and `done` only once all that was begun is sent. */
export function claimOracle(ledger: Ledger, now: () => number, report: Report): ClaimOracle {
  const claims = new Map<string, { fence: number; owner: string }>();
  const begun = new Map<string, Set<string>>();
  const waived = new Map<string, Set<string>>();
  /** The attempt that each effect speaks of, by effect id. */
  const latest = new Map<string, string>();
  /** From when on no request of an attempt may be accepted any more. */
  const bounds = new Map<string, number>();
  /** Until when an attempt of unknown outcome could be accepted, by attempt id. */
  const open = new Map<string, number>();

  /** Nothing final is said of an attempt whose request could still be accepted. */
  function mustBeStale(what: string, attemptId: string): void {
    const until = open.get(attemptId) ?? 0;
    if (until > now()) report("no verdict too early", `${attemptId} was ${what} too early`);
    open.delete(attemptId);
  }

  function onClaimed(key: string, owner: string, fence: number): void {
    const before = claims.get(key);
    if (before && (fence < before.fence || (fence === before.fence && owner !== before.owner))) {
      report("one owner per fence", `${key} fence ${fence}: ${before.owner}, then ${owner}`);
    }
    claims.set(key, { owner, fence });
  }

  /** Whoever was granted the key last is the only one who may begin or end anything. */
  function mustHold(what: string, { key, owner, fence }: Lease): void {
    const claim = claims.get(key);
    if (claim?.owner === owner && claim.fence === fence) return;
    report("current claim", `${what} ${key} by ${owner} under fence ${fence}`);
  }

  function onDone(item: Lease): void {
    const { key } = item;
    if (ledger.done.has(key)) return;
    mustHold("completed", item);
    ledger.done.add(key);
    for (const slot of begun.get(key) ?? []) {
      const effectId = `${key}-${slot}`;
      const settled = ledger.mails.has(effectId) || ledger.dropped.has(effectId);
      if (!settled && waived.get(key)?.has(slot) !== true) {
        report("no loss", `${key} is done, but ${slot} was begun and never accepted`);
      }
    }
  }

  return {
    onMail: ({ attemptId }) => {
      if ((bounds.get(attemptId) ?? Number.POSITIVE_INFINITY) < now()) {
        report("nothing accepted too late", `${attemptId} was accepted after its last moment`);
      }
    },
    onStore: (event) => {
      switch (event.command) {
        case "claim":
          event.reply.forEach((reply, index) => {
            const item = event.args[0][index];
            if (reply.status === "claimed" && item) onClaimed(item.key, item.owner, reply.fence);
          });
          break;
        case "begin": {
          if (event.reply !== "granted") break;
          const [item] = event.args;
          const { key, effect } = item;
          mustHold("begun", item);
          const attemptId = formatAttemptId(item);
          const until = now() + item.timeoutMs + item.validityMs;
          latest.set(`${key}-${effect}`, attemptId);
          // A replay of the same begin moves nothing.
          if (!open.has(attemptId)) open.set(attemptId, until);
          if (!bounds.has(attemptId)) bounds.set(attemptId, until);
          begun.set(key, (begun.get(key) ?? new Set()).add(effect));
          break;
        }
        case "bury": {
          const [{ key }] = event.args;
          if (event.reply !== "dead") break;
          for (const attemptId of [...open.keys()].filter((id) => id.startsWith(key))) {
            mustBeStale("buried", attemptId);
          }
          break;
        }
        case "complete":
          event.reply.forEach((reply, index) => {
            const item = event.args[0][index];
            if (reply !== "done" || !item) return;
            waived.set(item.key, new Set(Object.keys(item.waived ?? {})));
            onDone(item);
          });
          break;
        case "hold": {
          const [item] = event.args;
          if (event.reply === "held")
            latest.set(`${item.key}-${item.effect}`, formatAttemptId(item));
          break;
        }
        case "settle": {
          const [ref, outcome] = event.args;
          const { key, effect } = ref;
          if (outcome.status !== "unknown") open.delete(formatAttemptId(ref));
          if (outcome.status === "accepted" && event.reply === "lost") {
            report("evidence counts", `the proof of ${key}-${effect} was refused`);
          }
          break;
        }
        case "resolve": {
          const [attemptId, verdict] = event.args;
          if (event.reply !== "resolved") break;
          const effectId = attemptId.split("-").slice(0, -3).join("-");
          if ((latest.get(effectId) ?? attemptId) !== attemptId) {
            report("a verdict names its attempt", `${attemptId} isn't what ${effectId} stands at`);
          }
          if (verdict === "not-sent") mustBeStale("declared not sent", attemptId);
          open.delete(attemptId);
          if (verdict === "drop") ledger.dropped.add(effectId);
          if (verdict === "allow") ledger.allowed.add(effectId);
          break;
        }
        default:
          break;
      }
    },
  };
}
