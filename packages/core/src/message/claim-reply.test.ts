import { describe, expect, it } from "vitest";
import type { AttemptInfo } from "../ports/index.js";
import { overTried, type Granted } from "./claim-reply.js";

const attempt: AttemptInfo = {
  attemptId: "a",
  effect: "email",
  state: "unknown",
  startedAt: 0,
  deadline: 1,
  staleAt: 2,
};
const granted = (tries: number, effects: readonly AttemptInfo[] = []): Granted => ({
  status: "claimed",
  fence: tries,
  tries,
  unended: true,
  effects,
});

describe("a claim beyond a message's last try", () => {
  it("is given up", () => {
    expect(overTried(4, 3, granted(3))).toBeUndefined();
    expect(overTried(4, 3, granted(4))).toMatchObject({ code: "retriesExhausted" });
    expect(overTried(4, undefined, granted(4))).toBeUndefined();
  });

  it("completes what went out, once: a message that ends its process even so is given up", () => {
    const sent = [{ ...attempt, state: "accepted" } as const];
    expect(overTried(4, 3, granted(4, sent))).toBeUndefined();
    expect(overTried(5, 3, granted(5, sent))).toMatchObject({ code: "retriesExhausted" });
    expect(overTried(4, 3, granted(4, [attempt]))).toMatchObject({ code: "retriesExhausted" });
  });
});
