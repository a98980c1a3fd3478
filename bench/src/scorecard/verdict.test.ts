import { describe, expect, it } from "vitest";
import { judge, watchChanges, type Evidence } from "./verdict.js";

const none: ReadonlySet<number> = new Set();

function evidence(partial: Partial<Evidence>): Evidence {
  const groups = new Map([0, 1, 2, 3].map((id) => [id, id % 2 === 0 ? "even" : "odd"]));
  return { groups, emails: [], queued: none, deadLettered: none, listed: none, ...partial };
}

describe("the verdict on a run", () => {
  it("of one email for each event has nothing to say", () => {
    expect(judge(evidence({ emails: [0, 1, 2, 3] }), true)).toEqual({
      events: 4,
      sentTwice: 0,
      neverSent: 0,
      outOfOrder: 0,
      stuck: 0,
      held: 0,
    });
  });

  it("counts an event with three emails once", () => {
    expect(judge(evidence({ emails: [0, 1, 1, 2, 3, 1] }), true).sentTwice).toBe(1);
  });

  it("calls an email never sent only where nobody knows of it any more", () => {
    const verdict = judge(
      evidence({ emails: [0], queued: new Set([1]), deadLettered: new Set([2]) }),
      true,
    );
    expect(verdict).toMatchObject({ neverSent: 1, stuck: 1, held: 1 });
  });

  it("doesn't call stuck what stays in the queue because it is listed for a human", () => {
    const held = new Set([3]);
    const verdict = judge(evidence({ emails: [0, 1, 2], queued: held, listed: held }), true);
    expect(verdict).toMatchObject({ stuck: 0, held: 1, neverSent: 0 });
  });

  it("counts what came after a later one of its group, and nothing across groups", () => {
    expect(judge(evidence({ emails: [3, 0, 2, 1] }), true).outOfOrder).toBe(1);
    expect(judge(evidence({ emails: [1, 3, 0, 2] }), true).outOfOrder).toBe(0);
  });

  it("looks only at the first email of each event for the order", () => {
    expect(judge(evidence({ emails: [0, 2, 0, 1, 3] }), true).outOfOrder).toBe(0);
  });

  it("knows no order on a standard queue", () => {
    expect(judge(evidence({ emails: [2, 0, 1, 3] }), false).outOfOrder).toBe(0);
  });
});

describe("what is seen", () => {
  it("is still for as long as no email, dead letter or listing comes and none leaves the queue", () => {
    const { stillFor } = watchChanges();
    const first = evidence({ emails: [0], queued: new Set([1, 2]) });
    expect(stillFor(first, 1_000)).toBe(0);
    expect(stillFor(first, 1_500)).toBe(500);
    expect(stillFor({ ...first, queued: new Set([1]) }, 2_000)).toBe(0);
    expect(stillFor({ ...first, queued: new Set([1]) }, 2_700)).toBe(700);
    expect(stillFor({ ...first, queued: new Set([1]), listed: new Set([1]) }, 3_000)).toBe(0);
  });
});
