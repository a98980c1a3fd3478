import type { LookupResult, RebuildLease, UserCacheEvent } from "@exactly-once/core/user-cache";
import { EPOCH, type Host } from "../kernel/host.js";
import type { LeaseEvent } from "../ports/shared-snapshot.js";
import type { Account, DirectoryWorld } from "../worlds/directory.js";
import type { Report } from "./violations.js";

/** One lookup and its answer; true times, ms. */
export interface Answered {
  readonly host: Host;
  readonly person: string;
  readonly askedAt: number;
  readonly answeredAt: number;
  readonly waitMs: number;
  /** By the wall clock. */
  readonly freshAfter: number | undefined;
  readonly result: LookupResult<Account>;
}

export interface UserCacheOracle {
  onAnswer(answered: Answered): void;
  onLease(event: LeaseEvent): void;
  onCacheEvent(host: Host, event: UserCacheEvent): void;
  /** A page of the directory is asked for. */
  onPage(host: Host): void;
  onCrash(host: Host): void;
}

/** A replica in need may walk for itself once the shared backend failed so often. */
const FAILURES_BEFORE_ALONE = 3;
const JUST_MS = 10_000;
/** What a lookup may take beyond the time it was given, ms. */
const SLACK_MS = 50;

/**
 * Found is what the directory had; absent is who wasn't there: nobody is missing from a snapshot.
 * One rebuild at a time, under the lease, and none on the way of a lookup.
 */
export function userCacheOracle(
  directory: DirectoryWorld,
  listingDelayMs: number,
  now: () => number,
  report: Report,
): UserCacheOracle {
  let held: (RebuildLease & { until: number }) | undefined;
  let lastFence = 0;
  const walking = new Set<Host>();
  const failures = new Map<Host, number>();

  const isLive = (): boolean => held !== undefined && held.until > now();
  const isHolder = (lease: RebuildLease): boolean =>
    isLive() && held?.owner === lease.owner && held.fence === lease.fence;

  function judgeFound(person: string, users: readonly Account[], asOf: number): void {
    for (const user of users) {
      const known = directory
        .versionsOf(person)
        .some(({ account, until }) => account.email === user.email && until >= asOf);
      if (!known) report("found is what the directory had", `${person} as ${user.email}`);
    }
  }

  function judgeAbsent({ person, freshAfter }: Answered, asOf: number): void {
    const versions = directory.versionsOf(person);
    const isThere = (sub: string): boolean =>
      versions.some(({ account, until }) => account.sub === sub && until > now());
    if (versions.some(({ account, from }) => from <= asOf && isThere(account.sub))) {
      report("nobody is missing", `${person}, as of ${asOf} ms`);
    }
    if (freshAfter !== undefined && asOf < freshAfter - EPOCH + listingDelayMs) {
      report("absent is fresh enough", `${person} as of ${asOf} ms`);
    }
  }

  return {
    onAnswer: (answered) => {
      const { host, askedAt, answeredAt, waitMs, result, person } = answered;
      const wasPaused = host.pausedUntil > askedAt;
      if (!wasPaused && answeredAt - askedAt > waitMs + SLACK_MS) {
        const text = `${person} took ${answeredAt - askedAt} ms of ${waitMs}`;
        report("no rebuild on a lookup's way", text);
      }
      if (result.status === "defer") return;
      const asOf = result.asOf - EPOCH;
      if (result.status === "found") judgeFound(person, result.users, asOf);
      else judgeAbsent(answered, asOf);
    },
    onLease: (event) => {
      const { lease } = event;
      switch (event.type) {
        case "granted":
          if (isLive() && held?.owner !== lease.owner) {
            report("one rebuild at a time", `${lease.owner} beside ${held?.owner}`);
          }
          if (lease.fence < lastFence) report("one rebuild at a time", `fence ${lease.fence}`);
          // Asked again by its holder, the lease stays as it is.
          if (!isHolder(lease)) held = { ...lease, until: now() + event.leaseMs };
          lastFence = lease.fence;
          break;
        case "extended":
          if (held && isHolder(lease)) held.until = now() + event.leaseMs;
          break;
        case "used":
          if (!isHolder(lease)) report("only the lease's holder writes", lease.owner);
          break;
        case "ended":
          if (held?.owner === lease.owner && held.fence === lease.fence) held = undefined;
          break;
      }
    },
    onCacheEvent: (host, event) => {
      switch (event.type) {
        case "started": {
          walking.add(host);
          const alone = (failures.get(host) ?? 0) >= FAILURES_BEFORE_ALONE;
          const holds = isLive() && held?.owner.startsWith(`${host.name}${host.incarnation}x`);
          // Whoever has just stood still may not know yet that the lease is over.
          const wasPaused = host.pausedUntil > now() - JUST_MS;
          if (!holds && isLive() && !alone && !wasPaused) {
            report("one rebuild at a time", `${host.name} walks beside ${held?.owner}`);
          }
          break;
        }
        case "sharedFailed":
          failures.set(host, (failures.get(host) ?? 0) + 1);
          break;
        case "swapped":
        case "failed":
        case "refused":
          walking.delete(host);
          break;
        default:
          break;
      }
    },
    onPage: (host) => {
      if (!walking.has(host))
        report("no rebuild on a lookup's way", `${host.name} asks for a page`);
    },
    onCrash: (host) => {
      walking.delete(host);
      failures.delete(host);
    },
  };
}
