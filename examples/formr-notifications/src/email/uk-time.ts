const date = new Intl.DateTimeFormat("en-GB", { timeZone: "Europe/London", dateStyle: "long" });
const time = new Intl.DateTimeFormat("en-GB", {
  timeZone: "Europe/London",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});

/** A moment as doctors in the UK read it. */
export interface UkTime {
  /** Such as "1 July 2024". */
  readonly date: string;
  /** Such as "00:30:00". */
  readonly time: string;
}

/** @param instant ISO 8601 with an offset */
export function ukTime(instant: string): UkTime {
  const moment = new Date(instant);
  return { date: date.format(moment), time: time.format(moment) };
}
