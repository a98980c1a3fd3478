import type { Clock, TripwireCounters } from "../ports/index.js";

interface Reservation {
  readonly holder: string;
  readonly fence: number;
  readonly until: number;
}

/** Reservations and sliding-window counts of this process only. */
export function memoryTripwire(clock: Clock): TripwireCounters {
  const reservations = new Map<string, Reservation>();
  const counters = new Map<string, Map<string, number>>();
  let nextSweepAt = 0;

  function sweep(now: number): void {
    if (now < nextSweepAt) return;
    nextSweepAt = now + 60_000;
    for (const [digest, { until }] of reservations) if (until <= now) reservations.delete(digest);
    for (const [counter, members] of counters) {
      forget(members, now);
      if (members.size === 0) counters.delete(counter);
    }
  }

  return {
    reserve: async ({ digest, holder, fence, windowMs }) => {
      const now = clock.now();
      sweep(now);
      const known = reservations.get(digest);
      const mine = { holder, fence, until: now + windowMs };
      if (known && known.until > now) {
        if (known.holder !== holder) return { taken: known.holder };
        mine.fence = Math.max(fence, known.fence);
      }
      reservations.set(digest, mine);
      return "reserved";
    },
    free: async ({ digest, holder, fence }) => {
      const known = reservations.get(digest);
      if (known?.holder === holder && known.fence <= fence) reservations.delete(digest);
    },
    count: async ({ counter, member, windowMs }) => {
      const now = clock.now();
      sweep(now);
      const members = counters.get(counter) ?? new Map<string, number>();
      counters.set(counter, members);
      forget(members, now);
      if (!members.has(member)) members.set(member, now + windowMs);
      return members.size;
    },
  };
}

function forget(members: Map<string, number>, now: number): void {
  for (const [member, until] of members) if (until <= now) members.delete(member);
}
