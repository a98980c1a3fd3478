import { describe, expect, it } from "vitest";
import { CircuitBreaker, type Sign } from "./circuit-breaker.js";

function breaker() {
  let now = 0;
  let changes = 0;
  const made = new CircuitBreaker({
    time: () => now,
    random: () => 0,
    onChange: () => (changes += 1),
  });
  return {
    breaker: made,
    pass: (ms: number) => (now += ms),
    /** Attempts one after the other, each with its own holder. */
    attempts: (...signs: Sign[]) => {
      signs.forEach((sign, index) => {
        made.take(`holder-${index}`);
        made.answered(`holder-${index}`, sign, "timeout");
      });
    },
    changes: () => changes,
  };
}

const TROUBLE = Array.from({ length: 5 }, () => "trouble" as const);

describe("a circuit breaker", () => {
  it("lets everybody begin while the provider is well, and with a few troubles", () => {
    const { breaker: b, attempts } = breaker();
    attempts("trouble", "trouble", "trouble", "trouble", "alive", "alive");
    expect(b.unavailableBecause()).toBeUndefined();
    expect(b.free()).toBe(Infinity);
  });

  it("opens by the share of troubles, although some succeed between", () => {
    const { breaker: b, attempts } = breaker();
    for (let i = 0; i < 2; i += 1) attempts("trouble", "trouble", "trouble", "trouble", "alive");
    expect(b.isClosed).toBe(false);
    expect(b.unavailableBecause()).toBe("the provider is in trouble (timeout)");
    expect(b.take("anybody")).toBe(false);
  });

  it("forgets troubles that are long ago", () => {
    const { breaker: b, attempts } = breaker();
    attempts("trouble", "trouble", "trouble", "trouble");
    for (let i = 0; i < 20; i += 1) attempts("alive");
    attempts("trouble");
    expect(b.isClosed).toBe(true);
  });

  it("tells how long a throttle lasts while it has tokens, and not for ever", () => {
    const { breaker: b, attempts, pass } = breaker();
    attempts(...TROUBLE);
    pass(5_000);
    b.take("probe");
    b.throttled(30_000, "the provider throttles");
    b.answered("probe", "alive", "");
    expect(b.unavailableBecause()).toBe("the provider throttles");
    expect(b.changesAt()).toBe(35_000);
  });

  it("doesn't believe answers to what was begun before it opened", () => {
    const { breaker: b, attempts, pass } = breaker();
    attempts(...TROUBLE);
    for (let i = 0; i < 40; i += 1) b.answered(`before-${i}`, "alive", "");
    expect(b.take("anybody")).toBe(false);
    pass(5_000);
    expect(b.take("probe")).toBe(true);
    for (let i = 0; i < 40; i += 1) b.answered(`before-${i}`, "alive", "");
    expect(b.take("anybody")).toBe(false);
  });

  it("lets one probe at a time, at most each 30 s once it has failed for a while", () => {
    const { breaker: b, attempts, pass } = breaker();
    attempts(...TROUBLE);
    const waits: number[] = [];
    for (let probes = 0; probes < 5; probes += 1) {
      let waited = 0;
      while (b.unavailableBecause() !== undefined) {
        pass(1_000);
        waited += 1;
      }
      waits.push(waited);
      expect(b.take("probe")).toBe(true);
      expect(b.take("probe")).toBe(true);
      expect(b.take("another")).toBe(false);
      expect(b.unavailableBecause()).toContain("in trouble");
      b.answered("probe", "trouble", "timeout");
    }
    expect(waits).toEqual([5, 10, 20, 30, 30]);
  });

  it("reopens step by step, and tells each step", () => {
    const { breaker: b, attempts, pass, changes } = breaker();
    attempts(...TROUBLE);
    pass(5_000);
    const widths: number[] = [];
    while (!b.isClosed) {
      let width = 0;
      while (b.take(`${widths.length}-${width}`)) width += 1;
      widths.push(width);
      const before = changes();
      b.answered(`${widths.length - 1}-0`, "alive", "");
      expect(changes()).toBeGreaterThan(before);
      for (let i = 1; i < width; i += 1) b.giveBack(`${widths.length - 1}-${i}`);
    }
    expect(widths).toEqual([1, 2, 4, 8, 16]);
  });

  it("gives the token to another when its holder makes no attempt, or says nothing", () => {
    const { breaker: b, attempts, pass } = breaker();
    attempts(...TROUBLE);
    pass(5_000);
    b.take("first");
    b.giveBack("first");
    expect(b.take("second")).toBe(true);
    pass(60_000);
    expect(b.take("third")).toBe(true);
    b.answered("second", "trouble", "timeout");
    expect(b.take("third")).toBe(true);
  });

  it("leaves a provider that throttles alone for as long as that says, without doubting it", () => {
    const { breaker: b, pass } = breaker();
    b.throttled(10_000, "the provider throttles (rate)");
    b.throttled(1_000, "the provider throttles (less)");
    expect(b.isClosed).toBe(true);
    expect(b.unavailableBecause()).toBe("the provider throttles (rate)");
    expect(b.changesAt()).toBe(10_000);
    pass(10_000);
    expect(b.unavailableBecause()).toBeUndefined();
  });
});
