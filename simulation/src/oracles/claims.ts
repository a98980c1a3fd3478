import {
  type AttemptStart,
  type ClaimRequest,
  formatAttemptId,
  type Lease,
  parseAttemptId,
} from "@exactly-once/core/ports";
import type { AcceptedMail } from "../worlds/ses.js";
import type { LostWrite, StoreEvent } from "../worlds/store.js";
import { effectOf, type Ledger } from "./ledger.js";
import type { Report } from "./violations.js";

export interface ClaimOracle {
  onStore(event: StoreEvent): void;
  onMail(mail: AcceptedMail): void;
  onFailOver(lost: readonly LostWrite[]): void;
  /** A process asks for an attempt: it may take no longer than the claim is certain to last. */
  onAsked(start: AttemptStart): void;
}

/** What a process's clock gains on the true one within an attempt's time, with room to spare. */
const DRIFT_MS = 50;

interface KnownClaim {
  readonly fence: number;
  readonly owner: string;
  /** Until when nobody else may be granted the key, by true time; 0 once it was given back. */
  until: number;
}

/**
 * One owner at a time and per fence, fences that never fall, and `done` only once all that was begun
 * is sent.
 *
 * @param may `mayResend`: the pipeline allows to send again. `mayOverlap`: a clock that is ahead may take over
 *   a claim that is live; whoever held it finds that out with its next write
 */
export function claimOracle(
  ledger: Ledger,
  now: () => number,
  { mayResend, mayOverlap }: { readonly mayResend: boolean; readonly mayOverlap: boolean },
  report: Report,
): ClaimOracle {
  const claims = new Map<string, KnownClaim>();
  /** Keys whose last claim a failover took away: somebody of before may hold them again. */
  const unsure = new Set<string>();
  const begun = new Map<string, Set<string>>();
  /** The attempt that each effect speaks of, by effect id. */
  const latest = new Map<string, string>();
  /** From when on no request of an attempt may be accepted any more. */
  const bounds = new Map<string, number>();
  /** Until when an attempt of unknown outcome could be accepted, by attempt id. */
  const open = new Map<string, number>();

  /** Nothing final is said of an attempt whose request could still be accepted. */
  function mustBeStale(what: string, attemptId: string): void {
    const until = open.get(attemptId) ?? 0;
    const ref = parseAttemptId(attemptId);
    // Proof of an earlier attempt, which a failover took away, settles the effect over this one's head.
    const excused = ref !== undefined && ledger.excused.has(`${ref.key}-${ref.effect}`);
    if (until > now() && !excused)
      report("no verdict too early", `${attemptId} was ${what} too early`);
    open.delete(attemptId);
  }

  /** It is sent: what a provider that dedupes takes of an earlier attempt from now on is the same mail. */
  function closeEffect(effectId: string): void {
    for (const attemptId of [...open.keys()]) {
      if (effectOf(attemptId) === effectId) open.delete(attemptId);
    }
  }

  function onClaimed({ key, owner, leaseMs }: ClaimRequest, fence: number): void {
    const before = claims.get(key);
    if (before && (fence < before.fence || (fence === before.fence && owner !== before.owner))) {
      report("one owner per fence", `${key} fence ${fence}: ${before.owner}, then ${owner}`);
    }
    // A replay by the owner of a live lease moves nothing.
    if (before?.owner === owner && before.fence === fence) return;
    // By the millisecond it ends in, somebody else may have it: the store counts in its own clock.
    if (!mayOverlap && before && before.until > now() + 1) {
      report(
        "one owner at a time",
        `${owner} was granted ${key}, which ${before.owner} still held`,
      );
    }
    // Where a failover came between, this may be a replay under a lease that ends sooner.
    const until = unsure.delete(key) ? 0 : now() + leaseMs;
    claims.set(key, { owner, fence, until });
  }

  function claimOf({ key, owner, fence }: Lease): KnownClaim | undefined {
    const claim = claims.get(key);
    return claim?.owner === owner && claim.fence === fence ? claim : undefined;
  }

  function giveBack(key: string): void {
    const claim = claims.get(key);
    if (claim) claim.until = 0;
  }

  /** Whoever was granted the key last is the only one who may begin, extend or end anything. */
  function mustHold(what: string, lease: Lease): void {
    if (claimOf(lease) || unsure.has(lease.key)) return;
    const { key, owner, fence } = lease;
    report("current claim", `${what} ${key} by ${owner} under fence ${fence}`);
  }

  function onDone(item: Lease): void {
    const { key } = item;
    if (ledger.done.has(key)) return;
    mustHold("completed", item);
    giveBack(key);
    ledger.done.add(key);
    for (const slot of begun.get(key) ?? []) {
      const effectId = `${key}-${slot}`;
      const settled = ledger.mails.has(effectId) || ledger.dropped.has(effectId);
      if (!settled && !ledger.waived.has(effectId)) {
        report("no loss", `${key} is done, but ${slot} was begun and never accepted`);
      }
    }
  }

  /** From here on the store stands where it was before this write. */
  function forget(write: LostWrite): void {
    switch (write.command) {
      case "claim":
      case "extend":
      case "release":
      case "complete":
        for (const { key } of write.args[0]) forgetClaim(key);
        break;
      case "bury":
        forgetClaim(write.args[0].key);
        break;
      case "begin":
      case "block": {
        const [ref] = write.args;
        latest.delete(`${ref.key}-${ref.effect}`);
        open.delete(formatAttemptId(ref));
        break;
      }
      default:
        break;
    }
  }

  function forgetClaim(key: string): void {
    claims.delete(key);
    unsure.add(key);
  }

  const asked = new Set<string>();

  return {
    onAsked: (start) => {
      const attemptId = formatAttemptId(start);
      const claim = claimOf(start);
      // Given back, or granted anew by a store that has forgotten how long it lasts.
      if (asked.has(attemptId) || !claim?.until) return;
      asked.add(attemptId);
      const until = now() + start.timeoutMs;
      if (claim.until < until - DRIFT_MS) {
        const text = `${attemptId} may be sent until ${until}, its claim ends at ${claim.until}`;
        report("no trust in a lapsed lease", text);
      }
    },
    onFailOver: (lost) => {
      for (const write of lost) forget(write);
    },
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
            if (reply instanceof Error || !item) return;
            if (reply.status === "claimed") onClaimed(item, reply.fence);
          });
          break;
        case "extend":
          event.reply.forEach((reply, index) => {
            const item = event.args[0][index];
            if (reply !== "extended" || !item) return;
            mustHold("extended", item);
            const claim = claimOf(item);
            if (claim) claim.until = Math.max(claim.until, now() + item.leaseMs);
          });
          break;
        case "release":
          event.reply.forEach((reply, index) => {
            const item = event.args[0][index];
            const claim = reply === "released" && item ? claimOf(item) : undefined;
            if (claim) claim.until = 0;
          });
          break;
        case "begin": {
          if (event.reply !== "granted") break;
          const [item] = event.args;
          const { key, effect } = item;
          mustHold("begun", item);
          const attemptId = formatAttemptId(item);
          const until = bounds.get(attemptId) ?? now() + item.timeoutMs + item.validityMs;
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
          giveBack(key);
          for (const attemptId of [...open.keys()].filter((id) => id.startsWith(key))) {
            mustBeStale("buried", attemptId);
          }
          break;
        }
        case "complete":
          event.reply.forEach((reply, index) => {
            const item = event.args[0][index];
            if (reply !== "done" || !item) return;
            for (const slot of Object.keys(item.waived ?? {})) {
              ledger.waived.add(`${item.key}-${slot}`);
            }
            onDone(item);
          });
          break;
        case "block": {
          const [item] = event.args;
          if (event.reply === "blocked")
            latest.set(`${item.key}-${item.effect}`, formatAttemptId(item));
          break;
        }
        case "settle": {
          const [ref, outcome] = event.args;
          const { key, effect } = ref;
          if (outcome.status !== "unknown") open.delete(formatAttemptId(ref));
          if (outcome.status === "accepted") closeEffect(`${key}-${effect}`);
          if (outcome.status === "accepted" && event.reply === "lost") {
            report("evidence counts", `the proof of ${key}-${effect} was refused`);
          }
          break;
        }
        case "resolve": {
          const [attemptId, verdict] = event.args;
          if (event.reply !== "resolved") break;
          const effectId = effectOf(attemptId);
          if ((latest.get(effectId) ?? attemptId) !== attemptId) {
            report("a verdict names its attempt", `${attemptId} isn't what ${effectId} stands at`);
          }
          if (verdict === "sent") closeEffect(effectId);
          if (verdict === "not-sent") mustBeStale("declared not sent", attemptId);
          open.delete(attemptId);
          if (verdict === "drop") ledger.dropped.add(effectId);
          if (verdict === "allow") ledger.allowed.add(effectId);
          if (verdict === "resend" && mayResend) {
            ledger.excused.set(effectId, "sent again by policy");
          }
          break;
        }
        default:
          break;
      }
    },
  };
}
