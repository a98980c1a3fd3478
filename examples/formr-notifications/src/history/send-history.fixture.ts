import { describe, expect, it } from "vitest";
import type { Cause, HistoryFact } from "./history-fact.js";
import type { Notification } from "./notification.js";
import type { HistoryPage, PagePosition, SendHistory } from "./send-history.js";

/** Facts' moments: near enough to now that nothing has expired. */
export const START = Date.parse("2026-01-05T10:00:00Z");

export const keyOf = (number: number) => number.toString(16).padStart(32, "0");

export function seen(number: number, changes: Partial<Cause & { at: number }> = {}): HistoryFact {
  const { at = START + number, ...cause } = changes;
  return {
    type: "seen",
    key: keyOf(number),
    at,
    cause: {
      traineeId: "47165",
      pipeline: "form-updated",
      template: "form-submitted",
      event: { formType: "formr-a", lifecycleState: "SUBMITTED" },
      ...cause,
    },
  };
}

export function sent(number: number, messageId: string, at = START + number): HistoryFact {
  const attemptId = `${keyOf(number)}-email-x-1-1`;
  return { type: "sent", key: keyOf(number), at, messageId, via: "provider", attemptId };
}

/** What every history does, given one that keeps three notifications a trainee. */
export function sendHistorySuite(name: string, create: () => SendHistory): void {
  const pageOf = (history: SendHistory, cursor?: PagePosition, limit = 2): Promise<HistoryPage> =>
    history.page("47165", { limit, ...(cursor === undefined ? {} : { cursor }) });

  async function onlyOne(...facts: readonly HistoryFact[]): Promise<Notification | undefined> {
    const history = create();
    await history.add(facts);
    const { notifications, next } = await pageOf(history);
    expect(next).toBeUndefined();
    expect(notifications.length).toBeLessThanOrEqual(1);
    return notifications[0];
  }

  describe(`${name} keeps a send history`, () => {
    it("of its own", async () => {
      await create().add([seen(1)]);
      expect(await pageOf(create())).toEqual({ notifications: [] });
    });

    it("that tells what was sent, when and why", async () => {
      expect(await onlyOne(seen(1), sent(1, "ses-1", START + 5))).toEqual({
        key: keyOf(1),
        at: START + 1,
        traineeId: "47165",
        pipeline: "form-updated",
        template: "form-submitted",
        event: { formType: "formr-a", lifecycleState: "SUBMITTED" },
        state: "sent",
        emails: [
          {
            messageId: "ses-1",
            sentAt: START + 5,
            via: "provider",
            attemptId: `${keyOf(1)}-email-x-1-1`,
          },
        ],
      });
    });

    it("in which facts may come in any order, and more than once", async () => {
      const facts: readonly HistoryFact[] = [
        seen(1),
        sent(1, "ses-1"),
        { type: "delivery", key: keyOf(1), at: START + 9, messageId: "ses-1", state: "Delivery" },
        { type: "delivery", key: keyOf(1), at: START + 8, messageId: "ses-1", state: "Send" },
        { type: "done", key: keyOf(1), at: START + 7 },
      ];
      const once = await onlyOne(...facts);
      expect(once?.emails[0]?.delivery).toEqual({ state: "Delivery", at: START + 9 });
      expect(await onlyOne(...facts, ...facts)).toEqual(once);
      expect(await onlyOne(...[...facts].reverse())).toEqual(once);
    });

    it("that waits for a notification to be seen", async () => {
      const history = create();
      await history.add([sent(1, "ses-1")]);
      expect(await pageOf(history)).toEqual({ notifications: [] });
      await history.add([seen(1)]);
      expect((await pageOf(history)).notifications[0]?.state).toBe("sent");
    });

    it("that counts what was suppressed", async () => {
      const key = keyOf(1);
      const notification = await onlyOne(
        seen(1),
        { type: "suppressed", key, at: START + 5 },
        { type: "suppressed", key, at: START + 6 },
      );
      expect(notification).toMatchObject({ suppressed: { times: 2, lastAt: START + 6 } });
    });

    it("a page at a time, the newest first, while new ones come", async () => {
      const history = create();
      // Two in the same millisecond.
      await history.add([seen(2, { at: START + 1 }), seen(1), seen(3)]);
      const first = await pageOf(history);
      expect(first.notifications.map(({ key }) => key)).toEqual([keyOf(3), keyOf(2)]);
      expect(first.next).toEqual({ at: START + 1, key: keyOf(2) });
      await history.add([seen(4, { traineeId: "other" })]);
      const second = await pageOf(history, first.next);
      expect(second.notifications.map(({ key }) => key)).toEqual([keyOf(1)]);
      expect(second.next).toBeUndefined();
    });

    it("in which a trainee's oldest make room", async () => {
      const history = create();
      await history.add([seen(2), seen(1), seen(3), sent(1, "ses-1")]);
      await history.add([seen(4)]);
      const { notifications } = await pageOf(history, undefined, 10);
      expect(notifications.map(({ key }) => key)).toEqual([keyOf(4), keyOf(3), keyOf(2)]);
      const all = [];
      for await (const { key } of history.notifications()) all.push(key);
      expect(all.sort()).toEqual([keyOf(2), keyOf(3), keyOf(4)]);
    });

    it("of each trainee's own", async () => {
      const history = create();
      await history.add([seen(1), seen(2, { traineeId: "47166" })]);
      expect((await pageOf(history)).notifications.map(({ key }) => key)).toEqual([keyOf(1)]);
    });
  });
}
