import { InvalidArgumentError } from "commander";

const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const DURATION = /^(?<count>\d+(?:\.\d+)?)(?<unit>[smhd])$/;

/**
 * `90s`, `15m`, `2h` or `3d` in milliseconds.
 *
 * @throws InvalidArgumentError for anything else, zero included
 */
export function parseDuration(text: string): number {
  const ms = durationOf(text);
  if (ms === undefined || ms === 0) {
    throw new InvalidArgumentError("Give a duration such as 90s, 15m, 2h or 3d.");
  }
  return ms;
}

/**
 * A moment as ms since the epoch: an ISO 8601 date or time, or a duration ago such as `2h`.
 *
 * @throws InvalidArgumentError for anything else
 */
export function parseMoment(text: string, now: number): number {
  const ago = durationOf(text);
  if (ago !== undefined) return now - ago;
  const at = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at)) {
    throw new InvalidArgumentError(
      "Give a time such as 2026-01-31T09:00:00Z, or how long ago: 2h, 3d.",
    );
  }
  return at;
}

function durationOf(text: string): number | undefined {
  const groups = DURATION.exec(text)?.groups;
  return groups && Number(groups["count"]) * UNITS[groups["unit"] as keyof typeof UNITS];
}

/** `2026-01-31 09:00:00Z`. */
export function showMoment(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace("T", " ")}Z`;
}

/** The two largest units: `3 d 4 h`, `12 min 5 s`, `0 s`. */
export function showDuration(ms: number): string {
  let rest = Math.max(0, Math.round(ms / 1_000));
  const parts: string[] = [];
  for (const [name, seconds] of [
    ["d", 86_400],
    ["h", 3_600],
    ["min", 60],
    ["s", 1],
  ] as const) {
    const count = Math.floor(rest / seconds);
    rest -= count * seconds;
    if (count > 0) parts.push(`${count} ${name}`);
  }
  return parts.slice(0, 2).join(" ") || "0 s";
}

/** `2026-01-31 09:00:00Z (5 min ago)`. */
export function showAge(at: number, now: number): string {
  const from = at <= now ? `${showDuration(now - at)} ago` : `in ${showDuration(at - now)}`;
  return `${showMoment(at)} (${from})`;
}
