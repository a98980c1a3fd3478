import { describe, expect, it } from "vitest";
import { tally } from "./counting.js";
import { expectedEmails } from "./expected-emails.js";
import { htmlReport } from "./report.js";
import { createWorkload } from "./workload.js";

const workload = createWorkload({ seed: 1, users: 60 });
const expected = expectedEmails(workload, { users: 60, seed: 1 });
const ours = expected.map(({ to, identity }, index) => ({ to, identity, atMs: index * 100 }));
const naive = [...ours, ...ours.slice(0, 3)];
const quiet = { firstAlarmSeconds: null, deadLettered: 0, held: 0 };

const html = htmlReport({
  seed: 1,
  users: 60,
  walkSeconds: 150,
  workload,
  expected,
  emails: { naive, ours },
  outcome: { naive: tally(expected, naive, quiet), ours: tally(expected, ours, quiet) },
});

describe("the report", () => {
  it("needs nothing from elsewhere and runs nothing", () => {
    expect(html).not.toMatch(/<script|<link|<img|src=|@import|url\((?!#)/);
  });

  it("shows both charts, for wide and narrow screens", () => {
    expect(html.match(/<svg/g)).toHaveLength(4);
    expect(html).toContain("emails a doctor received");
    expect(html).toContain("minutes, in real time");
  });

  it("has no empty or broken values", () => {
    expect(html).not.toMatch(/undefined|NaN|\[object/);
  });
});
