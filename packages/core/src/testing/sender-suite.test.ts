import { describe, expect, it, test } from "vitest";

import { NotSentError } from "../errors.js";
import type { Attempt, AttemptInfo, Outcome, Sender } from "../ports/index.js";
import { senderSuite } from "./sender-suite.js";
import type { SenderFault, SenderFixture, WayToCertainty } from "./sender-suite-tools.js";

const LAG_MS = 60_000;
const RETENTION_MS = 7 * 24 * 3_600_000;
const VALIDITY_MS = 60_000;

const ways: Readonly<Record<WayToCertainty["by"], WayToCertainty>> = {
  events: { by: "events" },
  asked: { by: "asked", lagMs: LAG_MS, retentionMs: RETENTION_MS },
  window: { by: "window" },
  none: { by: "none" },
};

/** A provider in memory that counts what reaches it. */
class Provider {
  requests = 0;
  fault: SenderFault | undefined;
  now = 1_000_000;
  /** Receipts by attempt, of those it took. */
  readonly taken = new Map<string, { readonly receipt: string; readonly at: number }>();

  constructor(readonly dedupes: boolean) {}

  take(attempt: Attempt): string {
    this.requests += 1;
    const { fault } = this;
    this.fault = undefined;
    const receipt = `receipt of ${this.dedupes ? attempt.effectId : attempt.id}`;
    if (fault === undefined || fault.startsWith("accepted")) {
      const of = this.dedupes ? attempt.effectId : attempt.id;
      if (!this.taken.has(of)) this.taken.set(of, { receipt, at: this.now });
    }
    if (fault !== undefined) throw new Fault(fault);
    return receipt;
  }

  find(attemptId: string): string | undefined {
    const mail = this.taken.get(attemptId);
    return mail && this.now - mail.at < RETENTION_MS ? mail.receipt : undefined;
  }
}

class Fault extends Error {
  constructor(readonly fault: SenderFault) {
    super(fault);
  }
}

interface Habits {
  readonly send: (provider: Provider, attempt: Attempt) => Outcome;
  readonly lookup: (provider: Provider, attempt: AttemptInfo) => Outcome;
  readonly windowMs: number;
  readonly evidence: string;
}

function fixtureOf(by: WayToCertainty["by"], habits: Habits, dedupes = by === "window") {
  const provider = new Provider(dedupes);
  const sender: Sender<string> = {
    prepare: (text) => (text === "" ? Promise.reject(new Error("empty")) : Promise.resolve(text)),
    send: async (_, attempt) => habits.send(provider, attempt),
    summarize: (text) => ({ recipients: ["a"], contentDigest: String(text) }),
    validityMs: VALIDITY_MS,
    evidence: habits.evidence,
    ...(by === "asked" ? { lookup: async (attempt) => habits.lookup(provider, attempt) } : {}),
    ...(by === "window" ? { idempotent: { windowMs: habits.windowMs } } : {}),
  };
  const fixture: SenderFixture<string> = {
    sender,
    payload: (variant) => `text ${variant}`,
    unsendable: "",
    strike: (next) => {
      provider.fault = next;
    },
    requests: () => provider.requests,
    accepted: () => provider.taken.size,
    told: async () =>
      [...provider.taken].map(([attemptId, { receipt }]) => ({ attemptId, receiptId: receipt })),
    time: {
      now: () => provider.now,
      elapse: (ms) => {
        provider.now += ms;
      },
    },
  };
  return Promise.resolve(fixture);
}

const accepted = (id: string): Outcome => ({
  status: "accepted",
  receipt: { id, at: 1, via: "provider" },
});

const unknown: Outcome = { status: "unknown", reason: "no reply" };
const notSent: Outcome = { status: "rejected", reason: "noSuchLetter" };

function honestly(provider: Provider, attempt: Attempt): Outcome {
  if (attempt.signal.aborted || attempt.remainingMs() <= 0) throw new NotSentError("too late");
  if (provider.fault === "unreachable") return { status: "rejected", reason: "unreachable" };
  try {
    return accepted(provider.take(attempt));
  } catch (error) {
    const fault = error instanceof Fault ? error.fault : undefined;
    if (fault === "refused") return { status: "rejected", reason: "refused", permanent: true };
    if (fault !== "throttled") throw error;
    const throttle = { scope: "rate", retryAfterMs: 1_000 } as const;
    return { status: "rejected", reason: "slow down", throttle };
  }
}

const honest: Habits = {
  send: honestly,
  lookup: (provider, { attemptId, staleAt, startedAt }) => {
    const receipt = provider.find(attemptId);
    if (receipt !== undefined) return accepted(receipt);
    const { now } = provider;
    const counts = now >= staleAt + LAG_MS && now < startedAt + RETENTION_MS;
    return counts ? notSent : unknown;
  },
  windowMs: 24 * 3_600_000,
  evidence: "a letter in the archive that bears its id",
};

interface Dishonest {
  readonly by: WayToCertainty["by"];
  readonly habits: Partial<Habits>;
  readonly dedupes?: boolean;
  readonly caughtBy: RegExp;
}

const dishonest: Readonly<Record<string, Dishonest>> = {
  "that sends again by itself": {
    by: "none",
    habits: {
      send: (provider, attempt) => {
        const outcome = honestly(provider, attempt);
        provider.take(attempt);
        return outcome;
      },
    },
    caughtBy: /sends one request.*expected one request/s,
  },
  "that heeds no deadline": {
    by: "none",
    habits: {
      send: (provider, attempt) => honestly(provider, { ...attempt, remainingMs: () => 1 }),
    },
    caughtBy: /deadline.*went out although the deadline has passed/s,
  },
  "that takes silence for a rejection": {
    by: "none",
    habits: {
      send: (provider, attempt) => {
        try {
          return honestly(provider, attempt);
        } catch {
          return { status: "rejected", reason: "failed" };
        }
      },
    },
    caughtBy: /acceptedButReplyLost: expected unknown, since .*; got rejected \(failed\)/,
  },
  "that takes any success for a proof": {
    by: "none",
    habits: {
      send: (provider, attempt) =>
        provider.fault === "acceptedWithoutProof" ? accepted("ok") : honestly(provider, attempt),
    },
    caughtBy: /acceptedWithoutProof: expected unknown/,
  },
  "that leaves an operator without a hint": {
    by: "none",
    habits: { evidence: "" },
    caughtBy: /what evidence to look for/,
  },
  "that takes 'not found' for 'not sent' at once": {
    by: "asked",
    habits: {
      lookup: (provider, { attemptId }) => {
        const receipt = provider.find(attemptId);
        return receipt === undefined ? notSent : accepted(receipt);
      },
    },
    caughtBy: /before its lag is over.*expected unknown/s,
  },
  "that doesn't wait for the provider's lag": {
    by: "asked",
    habits: {
      lookup: (provider, attempt) =>
        honest.lookup(provider, { ...attempt, staleAt: attempt.staleAt - LAG_MS }),
    },
    caughtBy: /before its lag is over/,
  },
  "that takes what the provider forgot for not sent": {
    by: "asked",
    habits: {
      lookup: (provider, attempt) =>
        honest.lookup(provider, { ...attempt, startedAt: Number.MAX_SAFE_INTEGER }),
    },
    caughtBy: /may have forgotten/,
  },
  "that never learns what wasn't sent": {
    by: "asked",
    habits: {
      lookup: (provider, { attemptId }) => {
        const receipt = provider.find(attemptId);
        return receipt === undefined ? unknown : accepted(receipt);
      },
    },
    caughtBy: /never told as not sent/,
  },
  "that says of its provider that it dedupes, which it doesn't": {
    by: "window",
    habits: {},
    dedupes: false,
    caughtBy: /it doesn't dedupe/,
  },
  "whose window has no room for a repetition": {
    by: "window",
    habits: { windowMs: VALIDITY_MS },
    caughtBy: /is over before a repetition/,
  },
};

describe.each(Object.entries(ways))("an honest sender conforms, by %s", (_, certainty) => {
  senderSuite({ test, certainty, factory: () => fixtureOf(certainty.by, honest) });
});

describe("the sender suite catches one", () => {
  it.each(Object.entries(dishonest))("%s", async (_, { by, habits, dedupes, caughtBy }) => {
    const bodies = new Map<string, () => Promise<void>>();
    senderSuite({
      test: (title, body) => bodies.set(title, body),
      certainty: ways[by],
      factory: () => fixtureOf(by, { ...honest, ...habits }, dedupes),
    });
    const failed: string[] = [];
    for (const [title, body] of bodies) {
      await body().catch((error: unknown) => failed.push(`${title}: ${String(error)}`));
    }
    expect(failed.join("\n")).toMatch(caughtBy);
  });

  it("whose way is declared otherwise", async () => {
    const bodies = new Map<string, () => Promise<void>>();
    senderSuite({
      test: (title, body) => bodies.set(title, body),
      certainty: ways.none,
      factory: () => fixtureOf("asked", honest),
    });
    await expect(bodies.get("declares its way to certainty: none")?.()).rejects.toThrow(
      "it has a lookup: declare `asked`",
    );
  });
});
