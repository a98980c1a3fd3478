import { hashText, mix, unit } from "../kernel/hash.js";
import { DAY_MS, PAIR_SHARE, type Assumptions } from "./assumptions.js";

export interface FormUpdate {
  readonly at: number;
  /** The doctor's place in the pool; beyond its size for an account made later. */
  readonly doctor: number;
  readonly form: "A" | "B";
  /** When the account was made, if within the three days. */
  readonly accountAt: number;
}

const HOUR_MS = 3_600_000;

/** The days' form updates, the same for both services. */
export function traffic(assumptions: Assumptions, seed: number): readonly FormUpdate[] {
  const { perHour, pool, newAccounts, days } = assumptions;
  const updates: FormUpdate[] = [];
  let drawn = 0;
  const random = (): number => unit(mix(mix(hashText("traffic"), seed), (drawn += 1)));
  const hours = (days * DAY_MS) / HOUR_MS;
  for (let hour = 0; hour < hours; hour += 1) {
    // The mails went live at 15:02; doctors write by day.
    const ofDay = (15 + hour) % 24;
    const byDay = ofDay >= 8 && ofDay < 20;
    const count = byDay ? perHour * 2 : 0;
    for (let index = 0; index < count; index += 1) {
      add(hour * HOUR_MS + random() * HOUR_MS, Math.floor(random() * pool), 0);
    }
  }
  for (let index = 0; index < newAccounts; index += 1) {
    const accountAt = random() * (days * DAY_MS - 2 * HOUR_MS);
    add(accountAt + random() * HOUR_MS, pool + index, accountAt);
  }

  function add(at: number, doctor: number, accountAt: number): void {
    updates.push({ at, doctor, form: "A", accountAt });
    if (random() >= PAIR_SHARE) return;
    updates.push({ at: at + (1 + random() * 9) * 60_000, doctor, form: "B", accountAt });
  }

  return updates.sort((a, b) => a.at - b.at);
}
