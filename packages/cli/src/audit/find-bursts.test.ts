import { describe, expect, it } from "vitest";
import { findBursts } from "./find-bursts.js";
import type { SentMail } from "./sent-mail.js";

const MINUTE = 60_000;
const options = { windowMs: 15 * MINUTE, legitimate: 2 };
const mail = (minutes: number, more: Partial<SentMail> = {}): SentMail => ({
  ...{ at: minutes * MINUTE, recipients: ["ann"], subject: "Form R received" },
  ...more,
});
const find = (...mails: SentMail[]) => findBursts("ann", mails, options);

describe("bursts of copies", () => {
  it("joins what content and notification say together", () => {
    const { bursts } = find(
      mail(0, { notification: "a", content: "x" }),
      mail(1, { notification: "b", content: "y" }),
      // The one email that shows both to be the same.
      mail(2, { notification: "a", content: "y" }),
    );
    expect(bursts).toMatchObject([{ by: "content", definitely: 3, atMost: 3 }]);
  });

  it("joins a hundred thousand groups one after another in no time to speak of", () => {
    const many = Array.from({ length: 50_000 }, (_, at) => at);
    const { bursts } = find(
      ...many.map((at) => mail(0, { notification: `n${at}`, content: `c${at}` })),
      // Each shows its group and the next to be the same.
      ...many.slice(1).map((at) => mail(1, { notification: `n${at - 1}`, content: `c${at}` })),
    );
    expect(bursts).toMatchObject([{ definitely: 99_999 }]);
  });

  it("takes the same content again for a copy only within the window", () => {
    const monthly = (minutes: number, notification: string) =>
      mail(minutes, { notification, content: "reminder" });
    expect(find(monthly(0, "january"), monthly(44_640, "february")).bursts).toEqual([]);
    expect(find(monthly(0, "january"), monthly(15, "february")).bursts).toHaveLength(1);
  });

  it("follows a burst for as long as each copy comes within the window of the one before", () => {
    const { bursts } = find(...[0, 15, 30, 45, 61].map((minutes) => mail(minutes)));
    expect(bursts).toMatchObject([{ by: "subject", definitely: 2, atMost: 4 }]);
  });

  it("never counts known and unknown emails of a subject together", () => {
    const { bursts, toldApart } = find(
      mail(0, { notification: "a" }),
      mail(1, { notification: "b" }),
      mail(2),
      mail(3, { subject: "Form R returned" }),
    );
    expect(bursts).toEqual([]);
    expect(toldApart).toBe(1);
  });

  it("doesn't depend on the order of the input", () => {
    const mails = [0, 5, 10].map((minutes) => mail(minutes, { notification: "a" }));
    expect(find(...mails.reverse()).bursts).toMatchObject([
      { times: [0, 5, 10].map((m) => m * MINUTE) },
    ]);
  });
});
