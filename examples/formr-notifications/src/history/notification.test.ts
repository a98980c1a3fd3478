import { describe, expect, it } from "vitest";
import type { DeliveryState, HistoryFact } from "./history-fact.js";
import { changesOf } from "./notification-fields.js";
import { notificationOf } from "./notification.js";
import { auditLinesOf } from "./audit-line.js";
import { keyOf, seen, sent, START } from "./send-history.fixture.js";

const key = keyOf(1);

function fold(...facts: readonly HistoryFact[]) {
  const changes = [seen(1), ...facts].flatMap(changesOf);
  const fields = Object.fromEntries(changes.map(({ name, value }) => [name, value]));
  const notification = notificationOf(key, fields);
  if (notification === undefined) throw new Error("not seen");
  return notification;
}

const told = (state: DeliveryState, bounceType?: string): HistoryFact => ({
  ...{ type: "delivery", key, at: START + 9, messageId: "ses-1", state },
  ...(bounceType === undefined ? {} : { bounceType }),
});
const held = (at: number): HistoryFact => ({ type: "held", key, at, reason: "unknown" });
const dead = (at: number): HistoryFact => ({
  ...{ type: "deadLettered", key, at, code: "heldTooLong", queueMessageId: "m-1" },
});
const simulated = { ...sent(1, "dry-1"), via: "simulated" } as HistoryFact;

describe("the state of a notification", () => {
  it.each([
    ["pending", []],
    ["held", [held(1)]],
    ["deadLettered", [held(1), dead(2)]],
    // Redriven, and held again.
    ["held", [dead(1), held(2)]],
    // Evidence came after it was dead-lettered.
    ["sent", [dead(2), sent(1, "ses-1")]],
    ["sent", [sent(1, "ses-1"), simulated]],
    ["simulated", [simulated]],
    ["done", [held(1), { type: "done", key, at: 2 }]],
  ] as const)("is %s", (state, facts) => {
    expect(fold(...facts).state).toBe(state);
  });
});

describe("what SES says later", () => {
  it.each([
    ["Delivery", [told("Send"), told("DeliveryDelay"), told("Delivery")]],
    ["Complaint", [told("Delivery"), told("Complaint")]],
    ["Bounce", [told("Delivery"), told("Bounce", "Permanent")]],
    ["Bounce", [told("Send"), told("Bounce", "Transient")]],
    // An answering machine.
    ["Delivery", [told("Delivery"), told("Bounce", "Transient")]],
  ] as const)("comes to %s", (state, facts) => {
    expect(fold(sent(1, "ses-1"), ...facts).emails[0]?.delivery?.state).toBe(state);
  });
});

it("an operator's word is filled by the id that comes to light, and isn't a second email", () => {
  const word: HistoryFact = { type: "sent", key, at: 1, messageId: null, via: "operator" };
  expect(fold(word).emails).toHaveLength(1);
  expect(fold(word, sent(1, "ses-1")).emails.map(({ messageId }) => messageId)).toEqual(["ses-1"]);
});

describe("for the audit", () => {
  it("an email sent twice is two lines of one key", () => {
    const lines = auditLinesOf(fold(sent(1, "ses-1", START), sent(1, "ses-2", START + 60_000)));
    expect(lines).toEqual([
      expect.objectContaining({ key, to: "47165", outcome: "accepted", messageId: "ses-1" }),
      expect.objectContaining({ key, at: "2026-01-05T10:01:00.000Z", messageId: "ses-2" }),
    ]);
  });

  it.each([
    ["accepted", [told("Bounce", "Transient")]],
    ["Bounce", [told("Bounce", "Permanent")]],
    ["Reject", [told("Reject")]],
  ] as const)("one may be %s in the end", (outcome, facts) => {
    expect(auditLinesOf(fold(sent(1, "ses-1"), ...facts))[0]?.outcome).toBe(outcome);
  });

  it("what wasn't sent says so", () => {
    expect(auditLinesOf(fold(held(1)))).toMatchObject([{ to: "47165", outcome: "held" }]);
    expect(auditLinesOf(fold(simulated))).toMatchObject([{ outcome: "simulated" }]);
  });
});
