import { describe, expect, it } from "vitest";
import { parseDuration, parseMoment, showAge, showDuration } from "./moments.js";

describe("times on the command line", () => {
  const now = Date.parse("2026-01-31T09:00:00Z");

  it("are dates, moments or how long ago", () => {
    expect(parseMoment("2h", now)).toBe(now - 7_200_000);
    expect(parseMoment("2026-01-30", now)).toBe(Date.parse("2026-01-30T00:00:00Z"));
    expect(parseMoment("2026-01-30T10:00:00+01:00", now)).toBe(Date.parse("2026-01-30T09:00:00Z"));
    for (const text of ["", "yesterday", "1", "-2h", "2026-13-01"]) {
      expect(() => parseMoment(text, now)).toThrow(/Give a time/);
    }
  });

  it("last longer than nothing", () => {
    expect(parseDuration("1.5m")).toBe(90_000);
    for (const text of ["0s", "15", "m"])
      expect(() => parseDuration(text)).toThrow(/Give a duration/);
  });

  it("are shown by their two largest units", () => {
    expect(showDuration(93_784_000)).toBe("1 d 2 h");
    expect(showDuration(725_000)).toBe("12 min 5 s");
    expect(showDuration(0)).toBe("0 s");
    expect(showAge(now - 60_000, now)).toBe("2026-01-31 08:59:00Z (1 min ago)");
    expect(showAge(now + 60_000, now)).toBe("2026-01-31 09:01:00Z (in 1 min)");
  });
});
