import { describe, expect, it } from "vitest";
import { checkHistory } from "./check.js";
import type { HistoryEvent } from "./history.js";

const LIMITS = { pauseMs: 10_000 };

/** Two messages of a FIFO group, each sent once, and one that nobody can handle. */
const TRUE_HISTORY: readonly HistoryEvent[] = [
  { at: 0, type: "queued", messageId: "m1", key: "k1", group: "g", owes: ["k1-email"] },
  { at: 0, type: "queued", messageId: "m2", key: "k2", group: "g", owes: ["k2-email"] },
  { at: 0, type: "queued", messageId: "m3", owes: [], hopeless: true },
  { at: 1, type: "received", messageId: "m1" },
  { at: 2, type: "request", attempt: "a1", effect: "k1-email", process: "p", mail: "mail-1" },
  { at: 3, type: "deleted", messageId: "m1" },
  { at: 4, type: "received", messageId: "m2" },
  { at: 5, type: "request", attempt: "a2", effect: "k2-email", process: "p" },
  { at: 6, type: "verdict", attempt: "a2", effect: "k2-email", verdict: "notSent", by: "silence" },
  { at: 7, type: "request", attempt: "a3", effect: "k2-email", process: "p", mail: "mail-2" },
  { at: 8, type: "deleted", messageId: "m2" },
  { at: 9, type: "received", messageId: "m3" },
  { at: 10, type: "deadLettered", messageId: "m3", by: "service" },
  { at: 11, type: "deleted", messageId: "m3" },
  { at: 12, type: "end" },
];

const without = (position: number): HistoryEvent[] =>
  TRUE_HISTORY.filter((_, index) => index !== position);
const withAfter = (position: number, ...events: readonly HistoryEvent[]): HistoryEvent[] => [
  ...TRUE_HISTORY.slice(0, position + 1),
  ...events,
  ...TRUE_HISTORY.slice(position + 1),
];
const instead = (position: number, event: HistoryEvent): HistoryEvent[] =>
  TRUE_HISTORY.map((known, index) => (index === position ? event : known));

describe("the checker", () => {
  it("finds nothing in a true history", () => {
    expect(checkHistory(TRUE_HISTORY, LIMITS)).toEqual([]);
  });

  it.each<[string, string, readonly HistoryEvent[]]>([
    [
      "a second mail",
      "no duplicate",
      withAfter(4, {
        ...{ at: 2, type: "request", attempt: "a9", effect: "k1-email" },
        ...{ process: "p", mail: "mail-9" },
      }),
    ],
    [
      "a second mail after a policy's verdict about another effect",
      "no duplicate",
      withAfter(
        4,
        {
          at: 2,
          type: "verdict",
          attempt: "a2",
          effect: "k2-email",
          verdict: "resend",
          by: "policy",
        },
        { at: 3, type: "request", attempt: "a9", effect: "k1-email", process: "q", mail: "mail-9" },
      ),
    ],
    ["a message deleted before anything was sent", "no loss", without(4)],
    ["a message that nobody could handle, deleted without a copy", "no loss", without(12)],
    ["a message that stays in the queue", "no loss", without(10)],
    [
      "a message that outlives its retention",
      "no loss",
      instead(10, { at: 8, type: "expired", messageId: "m2" }),
    ],
    [
      "a message handled while the one before it isn't over",
      "order",
      [
        ...TRUE_HISTORY.slice(0, 4),
        ...TRUE_HISTORY.slice(6, 11),
        ...TRUE_HISTORY.slice(4, 6),
        ...TRUE_HISTORY.slice(11),
      ],
    ],
    [
      "silence taken for proof of a mail that was accepted",
      "evidence",
      instead(7, {
        at: 5,
        type: "request",
        attempt: "a2",
        effect: "k2-email",
        process: "p",
        mail: "mail-8",
      }),
    ],
    [
      "an attempt of which nobody knows what became",
      "evidence",
      withAfter(11, { at: 10, type: "unresolved", attempt: "a2" }),
    ],
    [
      "a mail long after sending was paused",
      "pause",
      [
        ...TRUE_HISTORY.slice(0, 7),
        { at: 4, type: "paused" },
        ...TRUE_HISTORY.slice(7).map((event) => ({ ...event, at: event.at + 20_000 })),
      ],
    ],
  ])("finds %s", (_what, promise, history) => {
    expect(checkHistory(history, LIMITS).map((finding) => finding.promise)).toContain(promise);
  });

  it("forgives what docs/guarantees.md states as a limit, and nothing else", () => {
    const again: HistoryEvent = {
      ...{ at: 9, type: "request", attempt: "a9", effect: "k2-email" },
      ...{ process: "p", mail: "mail-9" },
    };
    const verdict = { attempt: "a3", effect: "k2-email", verdict: "notSent" } as const;
    const excuses: readonly (readonly HistoryEvent[])[] = [
      [{ at: 8, type: "storeLost", key: "k2" }],
      [{ at: 8, type: "verdict", ...verdict, by: "operator" }],
      [
        { at: 8, type: "evidenceLost", attempt: "a3" },
        { at: 8, type: "verdict", ...verdict, by: "silence" },
      ],
    ];
    for (const excuse of excuses) {
      expect(checkHistory(withAfter(10, ...excuse, again), LIMITS)).toEqual([]);
    }
    const other: HistoryEvent = { at: 8, type: "storeLost", key: "k1" };
    expect(checkHistory(withAfter(10, other, again), LIMITS)).toHaveLength(1);
  });

  it("leaves order to the queue where the queue itself moved the earlier message", () => {
    const moved = (by: "queue" | "service"): readonly HistoryEvent[] => [
      ...TRUE_HISTORY.slice(0, 2),
      { at: 1, type: "received", messageId: "m1" },
      { at: 2, type: "deadLettered", messageId: "m1", by },
      { at: 3, type: "received", messageId: "m2" },
      { at: 4, type: "request", attempt: "a2", effect: "k2-email", process: "q", mail: "mail-2" },
      { at: 5, type: "request", attempt: "a1", effect: "k1-email", process: "p", mail: "mail-1" },
      { at: 6, type: "deleted", messageId: "m2" },
      { at: 7, type: "end" },
    ];
    expect(checkHistory(moved("queue"), LIMITS)).toEqual([]);
    expect(checkHistory(moved("service"), LIMITS)).toMatchObject([{ promise: "order", index: 6 }]);
  });

  it("counts a pause from when a process that stood still goes on", () => {
    const history: readonly HistoryEvent[] = [
      { at: 0, type: "queued", messageId: "m1", key: "k1", owes: ["k1-email"] },
      { at: 1, type: "stoodStill", process: "p", until: 60_000 },
      { at: 2, type: "paused" },
      {
        at: 60_001,
        type: "request",
        attempt: "a1",
        effect: "k1-email",
        process: "p",
        mail: "mail-1",
      },
      { at: 60_002, type: "deleted", messageId: "m1" },
      { at: 60_003, type: "end" },
    ];
    expect(checkHistory(history, LIMITS)).toEqual([]);
    expect(
      checkHistory(
        history.filter(({ type }) => type !== "stoodStill"),
        LIMITS,
      ),
    ).toHaveLength(1);
  });
});
