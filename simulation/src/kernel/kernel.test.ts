import { describe, expect, it } from "vitest";
import { createDecisions } from "./decisions.js";
import { createHost, type Life } from "./host.js";
import { createKernel } from "./kernel.js";
import { LeakedChance, withLeakGuard } from "./leak-guard.js";
import { createNetwork } from "./network.js";
import { createTrace } from "./trace.js";

const TIMEOUT_MS = 500;

function world(only: readonly string[] = []) {
  const kernel = createKernel();
  const decisions = createDecisions({ seed: 1, only: new Set(only) });
  const trace = createTrace({ story: false });
  const network = createNetwork({
    kernel,
    decisions,
    trace,
    maxCrashes: 1,
    maxPauses: 1,
    maxPauseMs: 1_000,
    restartMs: 1_000,
  });
  const host = createHost(kernel, { name: "a", seed: 1 });
  const service = network.service({
    name: "s",
    latencyMs: 10,
    timeoutMs: TIMEOUT_MS,
    maxDelayMs: 10_000,
    resends: true,
    rate: 1,
  });
  return { kernel, network, host, service };
}

describe("kernel: time", () => {
  it("runs events by time, then in the order they were scheduled", async () => {
    const { kernel } = world();
    const seen: string[] = [];
    for (const [at, name] of [
      [20, "c"],
      [10, "a"],
      [10, "b"],
    ] as const) {
      kernel.schedule(at, () => seen.push(name));
    }
    expect(await kernel.run({ until: 100 })).toBe("idle");
    expect(seen).toEqual(["a", "b", "c"]);
  });

  it("lets promise chains of any length run to their end between two events", async () => {
    const { kernel } = world();
    const seen: string[] = [];
    kernel.schedule(1, () => {
      void (async () => {
        for (let turn = 0; turn < 1_000; turn += 1) await Promise.resolve();
        seen.push("chain");
      })();
    });
    kernel.schedule(1, () => seen.push("next"));
    await kernel.run({ until: 10 });
    expect(seen).toEqual(["chain", "next"]);
  });
});

describe("kernel: processes", () => {
  it("never settles what a crashed process waited for, and runs no finally", async () => {
    const { kernel, host } = world();
    const seen: string[] = [];
    host.start((life: Life) => {
      seen.push(`boot ${life.incarnation}`);
      void (async () => {
        try {
          await life.clock.sleep(100);
          seen.push("woke");
        } finally {
          seen.push("finally");
        }
      })();
    });
    kernel.schedule(50, () => host.crash(1_000));
    await kernel.run({ until: 500 });
    expect(seen).toEqual(["boot 0"]);
    await kernel.run({ until: 2_000 });
    expect(seen).toEqual(["boot 0", "boot 1", "woke", "finally"]);
  });

  it("stands still in a pause while time goes on, then finds what came meanwhile", async () => {
    const { kernel, host } = world();
    const woke: number[] = [];
    host.start((life) => {
      void life.clock.sleep(100).then(() => woke.push(kernel.now));
    });
    kernel.schedule(50, () => host.pause(1_000));
    await kernel.run({ until: 5_000 });
    expect(woke).toEqual([1_050]);
  });

  it("stands still while it is frozen, its monotonic clock too, and goes on in the old order", async () => {
    const { kernel, host } = world();
    const woke: string[] = [];
    const monotonic: number[] = [];
    host.start(({ clock }) => {
      for (const ms of [300, 100, 200]) {
        void clock.sleep(ms).then(() => {
          woke.push(`${ms} at ${kernel.now}`);
          monotonic.push(clock.monotonic());
        });
      }
    });
    kernel.schedule(150, () => host.freeze());
    kernel.schedule(1_000, () => host.thaw());
    await kernel.run({ until: 999 });
    expect(woke).toEqual(["100 at 100"]);
    await kernel.run({ until: 2_000 });
    expect(woke).toEqual(["100 at 100", "300 at 1000", "200 at 1000"]);
    expect(monotonic).toEqual([100, 150, 150]);
  });

  it("shows a process its own clock, ahead by its skew", async () => {
    const kernel = createKernel();
    const host = createHost(kernel, { name: "a", seed: 1, skewMs: 3_000 });
    const exact = createHost(kernel, { name: "b", seed: 1 });
    const read: number[] = [];
    for (const each of [host, exact]) each.start(({ clock }) => read.push(clock.now()));
    await kernel.run({ until: 10 });
    expect((read[0] ?? 0) - (read[1] ?? 0)).toBe(3_000);
  });
});

describe("kernel: network", () => {
  const call = (only: readonly string[]) => {
    const { kernel, host, service } = world(only);
    const wire = service.wire("a", "op");
    const seen = { executed: 0, outcome: "" };
    const at = { executed: 0, told: 0 };
    host.start((life) => {
      wire
        .call(
          life,
          () => {
            at.executed = kernel.now;
            return (seen.executed += 1);
          },
          () => "ok",
        )
        .then(
          () => (seen.outcome = "answered"),
          (error: Error) => (seen.outcome = error.message),
        )
        .finally(() => (at.told = kernel.now));
    });
    return kernel.run({ until: 10_000 }).then(() => ({ seen, at }));
  };
  const outcomeOf = async (...only: string[]) => (await call(only)).seen;

  it("answers when nothing disturbs it", async () => {
    expect(await outcomeOf()).toEqual({ executed: 1, outcome: "answered" });
  });

  it("loses a request: not executed, and a timeout", async () => {
    expect(await outcomeOf("a.s.op.requestLost#1")).toEqual({
      executed: 0,
      outcome: "s.op: timeout",
    });
  });

  it("loses a reply: executed, and a timeout all the same", async () => {
    expect(await outcomeOf("a.s.op.replyLost#1")).toEqual({
      executed: 1,
      outcome: "s.op: timeout",
    });
  });

  it("gives up on a request that is late, which is executed all the same", async () => {
    const { seen, at } = await call(["a.s.op.requestLate#1"]);
    expect(seen).toEqual({ executed: 1, outcome: "s.op: timeout" });
    expect(at.told).toBe(TIMEOUT_MS);
    expect(at.executed).toBeGreaterThan(TIMEOUT_MS);
  });

  it("gives up on a reply that is late, and doesn't wait for it", async () => {
    const { seen, at } = await call(["a.s.op.replyLate#1"]);
    expect(seen).toEqual({ executed: 1, outcome: "s.op: timeout" });
    expect(at.told).toBe(TIMEOUT_MS);
  });

  it("executes a command again later", async () => {
    expect(await outcomeOf("a.s.op.repeated#1")).toEqual({ executed: 2, outcome: "answered" });
  });

  it("crashes the caller before anything is sent", async () => {
    const { executed } = await outcomeOf("a.s.op.crashBefore#1");
    expect(executed).toBe(1);
  });
});

describe("kernel: decisions", () => {
  const fires = (seed: number, only?: ReadonlySet<string>) => {
    const decisions = createDecisions({ seed, swarm: 1, ...(only ? { only } : {}) });
    const a = decisions.site("a", "x", "x", 0.5);
    const b = decisions.site("b", "x", "x", 0.5);
    for (let turn = 0; turn < 20; turn += 1) {
      a.next();
      b.next();
    }
    return decisions.fired;
  };

  it("depends on the seed and the name alone", () => {
    expect(fires(7)).toEqual(fires(7));
    expect(fires(7)).not.toEqual(fires(8));
  });

  it("leaves the other faults as they are when some are taken out", () => {
    const whole = fires(7);
    const kept = whole.filter((_, index) => index % 2 === 0);
    expect(fires(7, new Set(kept))).toEqual(kept);
  });
});

describe("kernel: leak guard", () => {
  it.each([
    ["Date.now", () => Date.now()],
    ["new Date()", () => new Date()],
    ["setTimeout", () => setTimeout(() => undefined, 1)],
    ["Math.random", () => Math.random()],
    ["randomUUID", () => crypto.randomUUID()],
    ["AbortSignal.timeout", () => AbortSignal.timeout(1)],
  ])("throws on %s, and only while it is on", async (_name, leak) => {
    await withLeakGuard(async () => {
      expect(leak).toThrow(LeakedChance);
      expect(new Date(0).getTime()).toBe(0);
    });
    expect(Date.now()).toBeGreaterThan(0);
  });
});
