import { describe, expect, it, test } from "vitest";

import { NotSentError } from "../errors.js";
import type { Attempt, Outcome, Sender } from "../ports/index.js";
import { senderSuite, type SenderFault, type SenderFixture } from "./sender-suite.js";

type Send = (make: () => string, attempt: Attempt, fault: SenderFault | undefined) => Outcome;

/** A provider in memory that counts what reaches it, before a sender that behaves as `send`. */
function fixtureOf(send: Send): Promise<SenderFixture<string>> {
  let requests = 0;
  let accepted = 0;
  let fault: SenderFault | undefined;
  const make = (): string => {
    requests += 1;
    const taken = fault === undefined || fault.startsWith("accepted");
    if (taken) accepted += 1;
    return `receipt-${accepted}`;
  };
  const sender: Sender<string> = {
    prepare: (text) => (text === "" ? Promise.reject(new Error("empty")) : Promise.resolve(text)),
    send: (_, attempt) => Promise.resolve().then(() => send(make, attempt, fault)),
    summarize: (text) => ({ recipients: ["a"], contentDigest: String(text) }),
  };
  return Promise.resolve({
    sender,
    payload: (variant) => `text ${variant}`,
    unsendable: "",
    strike: (next) => {
      fault = next;
    },
    requests: () => requests,
    accepted: () => accepted,
  });
}

const accepted = (id: string): Outcome => ({
  status: "accepted",
  receipt: { id, at: 1, via: "provider" },
});

const honest: Send = (make, attempt, fault) => {
  if (attempt.signal.aborted || attempt.remainingMs() <= 0) throw new NotSentError("too late");
  if (fault === "unreachable") return { status: "rejected", reason: "unreachable" };
  const id = make();
  if (fault === undefined) return accepted(id);
  if (fault === "refused") return { status: "rejected", reason: "refused", permanent: true };
  if (fault === "throttled") {
    return {
      status: "rejected",
      reason: "slow down",
      throttle: { scope: "rate", retryAfterMs: 1_000 },
    };
  }
  throw new Error("no reply");
};

const dishonest: Readonly<Record<string, { readonly send: Send; readonly caughtBy: RegExp }>> = {
  "that sends again by itself": {
    send: (make, attempt, fault) => {
      const outcome = honest(make, attempt, fault);
      make();
      return outcome;
    },
    caughtBy: /sends one request/,
  },
  "that heeds no deadline": {
    send: (make, attempt, fault) => honest(make, { ...attempt, remainingMs: () => 1 }, fault),
    caughtBy: /deadline/,
  },
  "that takes silence for a rejection": {
    send: (make, attempt, fault) => {
      try {
        return honest(make, attempt, fault);
      } catch {
        return { status: "rejected", reason: "failed" };
      }
    },
    caughtBy: /acceptedButReplyLost/,
  },
  "that takes any success for a proof": {
    send: (make, attempt, fault) =>
      fault === "acceptedWithoutProof" ? accepted(make()) : honest(make, attempt, fault),
    caughtBy: /acceptedWithoutProof/,
  },
};

describe("an honest sender conforms", () => {
  senderSuite({ test, factory: () => fixtureOf(honest) });
});

describe("the sender suite catches one", () => {
  it.each(Object.keys(dishonest))("%s", async (name) => {
    const { send, caughtBy } = dishonest[name] ?? { send: honest, caughtBy: /^$/ };
    const bodies = new Map<string, () => Promise<void>>();
    senderSuite({
      test: (title, body) => bodies.set(title, body),
      factory: () => fixtureOf(send),
    });
    const failed: string[] = [];
    for (const [title, body] of bodies) await body().catch(() => failed.push(title));
    expect(failed.join("\n")).toMatch(caughtBy);
  });
});
