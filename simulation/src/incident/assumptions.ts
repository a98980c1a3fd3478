/** What isn't known of the incident and has to be assumed. */
export interface Assumptions {
  /** Form updates an hour, averaged over the day; by day twice as many, by night none. */
  readonly perHour: number;
  /** Accounts in the pool. */
  readonly pool: number;
  /** One page of sixty accounts takes this long, ms. */
  readonly pageMs: number;
  /** Accounts that are made within this time and used at once: no earlier walk has seen them. */
  readonly newAccounts: number;
  readonly days: number;
}

export const DAY_MS = 24 * 3_600_000;
export const PAGE_SIZE = 60;
/** Share of doctors who send Part A and Part B within minutes: two mails, rightly. */
export const PAIR_SHARE = 0.05;

/** What the postmortem leaves open, from one end of what is plausible to the other. */
export const GRID: readonly Assumptions[] = [10, 40].flatMap((perHour) =>
  [12, 120].flatMap((newAccounts) =>
    [60, 280].map((pageMs) => ({ perHour, pool: 60_000, pageMs, newAccounts, days: 3 })),
  ),
);

/** How long one walk over the pool takes, ms. */
export function walkMs({ pool, pageMs }: Assumptions): number {
  return Math.ceil(pool / PAGE_SIZE) * pageMs;
}
