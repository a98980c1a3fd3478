import { describe, expect, it } from "vitest";
import { EffectRejectedError, UnsettledEffectError } from "../errors.js";
import type { HoldReason, RetryReason } from "../events.js";
import { definePipeline, type Pipeline } from "../pipeline/pipeline.js";
import {
  afterBurial,
  afterCopy,
  countsAsTry,
  decide,
  type Action,
  type Facts,
} from "./conclude.js";
import {
  ACKNOWLEDGE,
  LOST,
  LOST_AT_WORK,
  type DeadLetter,
  type Disposition,
} from "./disposition.js";
import { z } from "zod";

const SECOND_MS = 1_000;
const NOW = Date.parse("2026-11-01T12:00:00Z");
const pipeline = definePipeline({
  name: "letters",
  schema: z.string(),
  key: (event) => [event],
  effects: {},
  retry: { baseMs: 10 * SECOND_MS, maxMs: 60 * SECOND_MS },
  holdForMs: 600 * SECOND_MS,
  handler: async () => undefined,
}) as unknown as Pipeline;

/** A message that was received once and claimed, in a consumer, with the provider well. */
const FACTS: Facts = {
  waits: "inPlace",
  receiveCount: 1,
  mostReceives: undefined,
  lastReceive: 9,
  tries: 1,
  maxTries: 5,
  leads: false,
  pipeline,
  claimed: true,
  troubledForMs: undefined,
  now: () => NOW,
  random: () => 0.5,
};
const PLACES = ["inPlace", "nowhere", "inQueue"] as const;
type InEachPlace = Record<(typeof PLACES)[number], string>;

/** An action in a line: what is done, for how many seconds, and what is told. */
function inWords(action: Action): string {
  switch (action.kind) {
    case "leaveQueue":
    case "letGo":
      return action.kind;
    case "handBack": {
      const told = "reason" in action.tell ? `${action.tell.type} ${action.tell.reason}` : "";
      return `hand back for ${action.delayMs / SECOND_MS} s: ${told}`;
    }
    case "hold": {
      const { reason, retryAfterMs } = action.hold;
      return `hold: ${reason}${retryAfterMs === undefined ? "" : `, ${retryAfterMs / SECOND_MS} s`}`;
    }
    case "bury":
    case "copy":
      return `${action.kind}: ${action.letter.code}`;
  }
}

/** One row a place. */
function inEachPlace(disposition: Disposition, expected: InEachPlace, facts: Partial<Facts> = {}) {
  it.each(PLACES)("waiting %s", (waits) => {
    expect(inWords(decide(disposition, { ...FACTS, waits, ...facts }))).toBe(expected[waits]);
  });
}

const everywhere = (action: string): InEachPlace => ({
  inPlace: action,
  nowhere: action,
  inQueue: action,
});

describe("a message whose record is done", () => {
  inEachPlace(ACKNOWLEDGE, everywhere("leaveQueue"));
});

describe("a message that somebody else may have", () => {
  inEachPlace(LOST, everywhere("letGo"));
});

const letter: DeadLetter = {
  kind: "deadLetter",
  code: "permanent",
  text: "No such person.",
  attemptIds: ["a-1"],
  bury: true,
};

describe("a dead letter", () => {
  describe("with a record of its own", () => {
    inEachPlace(letter, everywhere("bury: permanent"));
  });
  describe("whose record is another's", () => {
    inEachPlace({ ...letter, bury: false }, everywhere("copy: permanent"));
  });
  describe("that never made it to a key", () => {
    inEachPlace(letter, everywhere("copy: permanent"), { pipeline: undefined });
  });
});

describe("a message on hold", () => {
  const reasons: Record<HoldReason, true> = {
    unknown: true,
    tripwire: true,
    busy: true,
    paused: true,
    deadLetter: true,
    storeDown: true,
    throttled: true,
    providerDown: true,
    deferred: true,
    unreadable: true,
    backOff: true,
    deadLetterFailed: true,
  };
  describe.each(Object.keys(reasons) as HoldReason[])("%s", (reason) => {
    inEachPlace(
      { kind: "hold", reason, attempts: [] },
      {
        inPlace: `hold: ${reason}`,
        nowhere: "hand back for 0 s: retry draining",
        inQueue: `hand back for 45 s: held ${reason}`,
      },
    );
  });
  describe("is hidden for longer, the more often it came", () => {
    inEachPlace(
      { kind: "hold", reason: "unknown", attempts: [] },
      {
        inPlace: "hold: unknown",
        nowhere: "hand back for 0 s: retry draining",
        inQueue: "hand back for 180 s: held unknown",
      },
      { receiveCount: 3 },
    );
  });
  describe("that knows for how long", () => {
    inEachPlace(
      { kind: "hold", reason: "busy", attempts: [], retryAfterMs: 7 * SECOND_MS },
      {
        inPlace: "hold: busy, 7 s",
        nowhere: "hand back for 0 s: retry draining",
        inQueue: "hand back for 7 s: held busy",
      },
    );
  });
});

/** What each reason comes to, and whether its tries count. */
const RETRIES: Record<RetryReason, { counts: boolean; delayMs?: number; expected: InEachPlace }> = {
  error: { counts: true, expected: everywhere("hand back for 5 s: retry error") },
  unsettled: { counts: true, expected: everywhere("hand back for 5 s: retry unsettled") },
  rejected: { counts: true, expected: everywhere("hand back for 5 s: retry rejected") },
  decoderFault: { counts: true, expected: everywhere("hand back for 5 s: retry decoderFault") },
  paused: { counts: false, expected: everywhere("hand back for 5 s: retry paused") },
  deadLetterFailed: {
    counts: false,
    expected: everywhere("hand back for 5 s: retry deadLetterFailed"),
  },
  unreadable: { counts: false, expected: everywhere("hand back for 45 s: retry unreadable") },
  draining: {
    counts: false,
    delayMs: 0,
    expected: everywhere("hand back for 0 s: retry draining"),
  },
  sibling: { counts: false, delayMs: 0, expected: everywhere("hand back for 0 s: retry sibling") },
  deferred: {
    counts: false,
    delayMs: 30 * SECOND_MS,
    expected: everywhere("hand back for 30 s: retry deferred"),
  },
  throttled: {
    counts: false,
    delayMs: 30 * SECOND_MS,
    expected: {
      inPlace: "hold: throttled, 30 s",
      nowhere: "hand back for 30 s: retry throttled",
      inQueue: "hand back for 30 s: retry throttled",
    },
  },
  providerDown: {
    counts: false,
    delayMs: 30 * SECOND_MS,
    expected: {
      inPlace: "hold: providerDown, 30 s",
      nowhere: "hand back for 0 s: retry draining",
      inQueue: "hand back for 30 s: held providerDown",
    },
  },
  storeDown: {
    counts: false,
    expected: {
      inPlace: "hold: storeDown",
      nowhere: "hand back for 5 s: retry storeDown",
      inQueue: "hand back for 90 s: retry storeDown",
    },
  },
};

describe("another try", () => {
  const rows = Object.entries(RETRIES) as [RetryReason, (typeof RETRIES)[RetryReason]][];
  describe.each(rows)("after %s", (reason, { expected, ...how }) => {
    inEachPlace({ kind: "retry", reason, ...how }, expected);
  });

  const last: Partial<Facts> = { receiveCount: 9, tries: 5 };
  describe.each(rows.filter(([, { counts }]) => counts))("that was the last, %s", (reason, how) => {
    inEachPlace({ kind: "retry", reason, ...how }, everywhere("bury: retriesExhausted"), last);
  });

  it("that was the last and had no claim is nobody's record to bury", () => {
    const action = decide(
      { kind: "retry", reason: "decoderFault", counts: true },
      { ...FACTS, ...last, claimed: false, pipeline: undefined },
    );
    expect(inWords(action)).toBe("copy: retriesExhausted");
  });

  describe.each(["draining", "sibling", "deadLetterFailed"] as const)(
    "that doesn't count isn't the last, %s",
    (reason) => {
      const disposition: Disposition = { kind: "retry", reason, counts: false, delayMs: 0 };
      inEachPlace(disposition, everywhere(`hand back for 0 s: retry ${reason}`), last);
    },
  );

  describe("deferred at its last receive", () => {
    const { delayMs } = RETRIES.deferred;
    inEachPlace(
      { kind: "retry", reason: "deferred", counts: false, ...(delayMs ? { delayMs } : {}) },
      { ...RETRIES.deferred.expected, inPlace: "hold: deferred, 30 s" },
      last,
    );
  });

  describe("unreadable at its last receive", () => {
    inEachPlace(
      { kind: "retry", reason: "unreadable", counts: false },
      { ...everywhere("hand back for 675 s: retry unreadable"), inPlace: "hold: unreadable" },
      last,
    );
  });

  it("is without end where the queue has no dead-letter queue", () => {
    const action = decide(
      { kind: "retry", reason: "error", counts: true },
      { ...FACTS, receiveCount: 1_000, tries: 1_000, maxTries: undefined, lastReceive: undefined },
    );
    expect(inWords(action)).toBe("hand back for 30 s: retry error");
  });

  describe("while the provider is in trouble", () => {
    const rejected: Disposition = { kind: "retry", reason: "rejected", counts: true };
    const waits: InEachPlace = {
      inPlace: "hold: providerDown",
      nowhere: "hand back for 0 s: retry draining",
      inQueue: "hand back for 45 s: held providerDown",
    };
    describe("waits for it", () => {
      inEachPlace(rejected, waits, { troubledForMs: 0 });
    });
    describe("waits for it at its last receive, too", () => {
      inEachPlace(
        rejected,
        { ...waits, inQueue: "hand back for 675 s: held providerDown" },
        { ...last, troubledForMs: 599 * SECOND_MS },
      );
    });
    describe("doesn't wait for longer than the pipeline holds", () => {
      inEachPlace(rejected, everywhere("bury: retriesExhausted"), {
        ...last,
        troubledForMs: 600 * SECOND_MS,
      });
    });
  });
});

describe("a failed try with others of its group behind it, or at its last receive", () => {
  const counted = ["error", "unsettled", "rejected", "decoderFault"] as const;
  describe.each(counted)("%s", (reason) => {
    const waits = { ...RETRIES[reason].expected, inPlace: "hold: backOff, 5 s" };
    inEachPlace({ kind: "retry", reason, counts: true }, waits, { leads: true });
    inEachPlace({ kind: "retry", reason, counts: true }, waits, { receiveCount: 9 });
  });
  describe("deferred", () => {
    const { delayMs = 0 } = RETRIES.deferred;
    inEachPlace(
      { kind: "retry", reason: "deferred", counts: false, delayMs },
      { ...RETRIES.deferred.expected, inPlace: "hold: deferred, 30 s" },
      { leads: true },
    );
  });
  describe("isn't tried beyond its tries", () => {
    inEachPlace(
      { kind: "retry", reason: "error", counts: true },
      everywhere("bury: retriesExhausted"),
      { leads: true, tries: 5 },
    );
  });
});

describe("the dead letter of a message whose tries are used up", () => {
  it("says what an error of ours says, and lets its text have nothing of others", () => {
    const textOf = (error: unknown) => {
      const action = decide(
        { kind: "retry", reason: "unsettled", counts: true, error },
        { ...FACTS, receiveCount: 7, tries: 5 },
      );
      return action.kind === "bury" ? action.letter.text : inWords(action);
    };
    const cause = new Error("doctor@example.org");
    expect(textOf(new UnsettledEffectError("Effect email failed.", { cause }))).toBe(
      "Received 7 times, tried 5, the last time ended by unsettled (UNSETTLED_EFFECT): Effect email failed.",
    );
    expect(textOf(new EffectRejectedError("email", "blocked", false, undefined))).toContain(
      "(EFFECT_REJECTED): Effect email was rejected: blocked.",
    );
    expect(textOf("doctor@example.org")).toBe(
      "Received 7 times, tried 5, the last time ended by unsettled.",
    );
  });

  it("names another error's kind and its attempts, not its text", () => {
    const error = Object.assign(new TypeError("doctor@example.org"), { code: "E1" });
    const action = decide(
      { kind: "retry", reason: "error", counts: true, error, attemptIds: ["a-1"] },
      { ...FACTS, receiveCount: 7, tries: 5 },
    );
    expect(action).toEqual({
      kind: "bury",
      letter: {
        kind: "deadLetter",
        code: "retriesExhausted",
        text: "Received 7 times, tried 5, the last time ended by error (TypeError E1).",
        attemptIds: ["a-1"],
        bury: true,
      },
    });
  });
});

describe("another error's name and code in a dead letter", () => {
  it.each<[string, unknown, string]>([
    ["doctor@example.org", "E1", " (E1)."],
    ["Dr Jane Doe", "doctor@example.org", "."],
    ["NotFound", "trainee 47165", " (NotFound)."],
    ["NotFound", "47165", " (NotFound)."],
    [
      "Error",
      "AWS.SimpleQueueService.NonExistentQueue",
      " (Error AWS.SimpleQueueService.NonExistentQueue).",
    ],
    ["x".repeat(65), undefined, "."],
  ])("are told where programs name things so: %s %s", (name, code, told) => {
    const error = Object.assign(new Error("text"), { name, code });
    const action = decide(
      { kind: "retry", reason: "error", counts: true, error },
      { ...FACTS, tries: 5 },
    );
    const text = action.kind === "bury" ? action.letter.text : "";
    expect(text).toBe(`Received 1 times, tried 5, the last time ended by error${told}`);
  });
});

describe("a message that the queue would take away once it is handed back", () => {
  const facts = { receiveCount: 10, mostReceives: 10, tries: 3 };
  const retry = (reason: RetryReason, counts: boolean): Disposition => ({
    kind: "retry",
    reason,
    counts,
    delayMs: SECOND_MS,
  });
  const hold = (reason: HoldReason): Disposition => ({ kind: "hold", reason, attempts: [] });
  const ofBatch = { ...FACTS, ...facts, waits: "inQueue" } as const;

  describe("is dead-lettered by us, where it can't wait in place: after a failure", () => {
    const expected = { ...everywhere("bury: receivesSpent"), inPlace: "hold: backOff, 10 s" };
    inEachPlace({ kind: "retry", reason: "error", counts: true }, expected, {
      ...facts,
      random: () => 0.25,
    });
  });
  describe("and behind a failed one of its group, or at the end of its process", () => {
    inEachPlace(retry("sibling", false), everywhere("copy: receivesSpent"), {
      ...facts,
      pipeline: undefined,
    });
    inEachPlace(retry("draining", false), everywhere("bury: receivesSpent"), facts);
  });
  describe("and paused", () => {
    const expected = { ...everywhere("bury: receivesSpent"), inPlace: "hold: paused" };
    inEachPlace(hold("paused"), expected, facts);
  });
  it("is left to the queue where the store can't be asked, or not about its record", () => {
    for (const reason of ["storeDown", "unreadable"] as const) {
      expect(decide(retry(reason, false), ofBatch).kind).toBe("handBack");
    }
    const letter: DeadLetter = {
      kind: "deadLetter",
      code: "handler",
      text: "",
      attemptIds: [],
      bury: true,
    };
    expect(afterBurial(letter, { tooEarly: NOW + 1 }, ofBatch).kind).toBe("handBack");
    expect(afterCopy(letter, { failed: "away" }, ofBatch).action.kind).toBe("handBack");
  });
  it("says how often it was received and tried", () => {
    expect(decide(retry("deferred", false), ofBatch)).toMatchObject({
      letter: {
        text: "Received 10 times, tried 2: handed back (deferred), the queue would have moved it.",
      },
    });
  });
});

describe("a claim", () => {
  const counts = (disposition: Disposition, facts: Partial<Facts> = {}) =>
    countsAsTry(disposition, decide(disposition, { ...FACTS, ...facts }));

  it("is a try where its run failed, or nothing is known of it", () => {
    expect(counts({ kind: "retry", reason: "error", counts: true })).toBe(true);
    expect(counts(LOST_AT_WORK)).toBe(true);
  });
  it("is none where it was deferred, paused, drained, in an outage or never at work", () => {
    for (const reason of ["deferred", "draining", "storeDown", "sibling"] as const) {
      expect(counts({ kind: "retry", reason, counts: false })).toBe(false);
    }
    expect(counts({ kind: "hold", reason: "paused", attempts: [] })).toBe(false);
    expect(counts(LOST)).toBe(false);
  });
  it.each(PLACES)("is none where its provider is in trouble, waiting %s", (waits) => {
    const refused = { kind: "retry", reason: "rejected", counts: true } as const;
    expect(counts(refused, { waits })).toBe(true);
    expect(counts(refused, { waits, troubledForMs: 0 })).toBe(false);
  });
});

describe("after the burial", () => {
  const after = (reply: Parameters<typeof afterBurial>[1], waits: Facts["waits"]): string =>
    inWords(afterBurial(letter, reply, { ...FACTS, waits }));

  it.each(PLACES)("the copy is made, waiting %s", (waits) => {
    expect(after("dead", waits)).toBe("copy: permanent");
  });
  it.each(PLACES)("nothing is, where evidence came first, waiting %s", (waits) => {
    expect(after("done", waits)).toBe("leaveQueue");
  });
  it.each(PLACES)("nothing is, where somebody else has a live claim, waiting %s", (waits) => {
    expect(after("busy", waits)).toBe("letGo");
  });
  it("waits while an attempt could still be accepted, and remembers what for", () => {
    const reply = { tooEarly: NOW + 90 * SECOND_MS };
    expect(after(reply, "inPlace")).toBe("hold: deadLetter, 90 s");
    expect(after(reply, "nowhere")).toBe("hand back for 0 s: retry draining");
    expect(after(reply, "inQueue")).toBe("hand back for 90 s: held deadLetter");
    expect(afterBurial(letter, reply, FACTS)).toMatchObject({ hold: { letter } });
  });
  it("never asks more often than once a second", () => {
    expect(after({ tooEarly: NOW - 1 }, "inPlace")).toBe("hold: deadLetter, 1 s");
  });
  it("that nobody answered, the message comes back", () => {
    const reply = { unanswered: new Error("down") };
    expect(after(reply, "inPlace")).toBe("hand back for 5 s: retry deadLetterFailed");
    expect(after(reply, "nowhere")).toBe("hand back for 5 s: retry deadLetterFailed");
    expect(after(reply, "inQueue")).toBe("hand back for 90 s: retry deadLetterFailed");
  });
});

describe("after the copy", () => {
  it("the message leaves the queue, and that is told", () => {
    const { code, text } = letter;
    expect(afterCopy(letter, "copied", FACTS)).toEqual({
      action: { kind: "leaveQueue", tell: { type: "deadLettered", code, text } },
    });
  });
  it.each([
    ["failed", { failed: "throttled" }, "5 s"],
    ["was denied", { denied: "grant sqs:SendMessage" }, "30 s"],
  ] as const)(
    "that %s, the message waits in place for another, or comes back",
    (_, reply, waitMs) => {
      const after = (waits: Facts["waits"]) =>
        inWords(afterCopy(letter, reply, { ...FACTS, waits }).action);
      expect(after("inPlace")).toBe(`hold: deadLetterFailed, ${waitMs}`);
      expect(after("nowhere")).toBe("hand back for 5 s: retry deadLetterFailed");
      expect(after("inQueue")).toBe("hand back for 90 s: retry deadLetterFailed");
      expect(afterCopy(letter, reply, FACTS).action).toMatchObject({ hold: { letter } });
    },
  );
  it("that was denied, the reason is told", () => {
    const { tell } = afterCopy(letter, { denied: "grant sqs:SendMessage" }, FACTS);
    expect(tell).toEqual({
      type: "deadLetterImpossible",
      code: "permanent",
      why: "grant sqs:SendMessage",
    });
  });
});
