import { describe, expect, it } from "vitest";
import { tally } from "./counting.js";
import type { ExpectedEmail } from "./expected-emails.js";

const wanted = (...names: string[]): ExpectedEmail[] =>
  names.map((identity) => ({ id: identity, to: doctorOf(identity), subject: "", identity }));

/** "ann:part A" is a notification for ann. */
const doctorOf = (identity: string): string => identity.split(":")[0] ?? "";

const sent = (...emails: (readonly [identity: string, atMs: number])[]) =>
  emails.map(([identity, atMs]) => ({ to: doctorOf(identity), identity, atMs }));

const quiet = { firstAlarmSeconds: null, deadLettered: 0, held: 0 };

describe("counting emails", () => {
  it("finds nothing wrong where each notification was sent once", () => {
    const expected = wanted("ann:A", "ann:B", "bob:A");
    const result = tally(expected, sent(["ann:A", 0], ["ann:B", 1], ["bob:A", 2]), quiet);
    expect(result.exactlyOnce).toBe(true);
    expect(result.figures).toMatchObject({ events: 3, emails: 3, doctors2: 0, max: 1, missing: 0 });
  });

  it("counts rightful pairs as emails received, never as copies", () => {
    const expected = wanted("ann:A", "ann:B", "bob:A");
    const { figures } = tally(expected, sent(["ann:A", 0], ["ann:B", 1], ["bob:A", 2]), quiet);
    expect(figures).toMatchObject({ received2: 1, received3: 0, receivedMax: 2, doctors2: 0 });
  });

  it("counts doctors by the notification that came most often", () => {
    const expected = wanted("ann:A", "ann:B", "bob:A", "cat:A");
    const emails = sent(
      ["ann:A", 0],
      ["ann:A", 1],
      ["ann:A", 2],
      ["ann:B", 3],
      ["ann:B", 4],
      ["bob:A", 5],
      ["bob:A", 6],
      ["cat:A", 7],
    );
    const { figures, exactlyOnce } = tally(expected, emails, quiet);
    expect(exactlyOnce).toBe(false);
    expect(figures).toMatchObject({ doctors2: 2, doctors3: 1, max: 3 });
    expect(figures).toMatchObject({ received2: 2, received3: 1, receivedMax: 5 });
  });

  it("doesn't let a copy make up for a missing email", () => {
    const result = tally(wanted("ann:A", "bob:A"), sent(["ann:A", 0], ["ann:A", 1]), quiet);
    expect(result.figures).toMatchObject({ emails: 2, missing: 1, doctors2: 1 });
    expect(result.exactlyOnce).toBe(false);
  });

  it("takes an email that nobody expected for a fault", () => {
    const result = tally(wanted("ann:A"), sent(["ann:A", 0], ["ann:?", 1]), quiet);
    expect(result).toMatchObject({ unexpected: 1, exactlyOnce: false });
  });

  it("measures the longest burst of one notification, in real time", () => {
    const emails = sent(["ann:A", 1_000], ["bob:A", 1_500], ["ann:A", 10_000], ["bob:A", 2_000]);
    expect(tally(wanted("ann:A", "bob:A"), emails, quiet).figures.burstSeconds).toBe(90);
  });

  it("copes with no emails at all", () => {
    const { figures } = tally(wanted("ann:A"), [], quiet);
    expect(figures).toMatchObject({
      emails: 0,
      max: 0,
      receivedMax: 0,
      burstSeconds: 0,
      missing: 1,
    });
  });
});
