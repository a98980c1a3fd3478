import { describe, expect, it } from "vitest";
import { consume, consumptionRows } from "./consume.js";

const name = { suite: "throughput", case: "c", contender: "ours" };

describe("the rows of a consumption", () => {
  it("tell speed and CPU of what was on the clock, and requests of all", () => {
    const rows = consumptionRows(name, [
      {
        messages: 1_000,
        warmUp: 500,
        seconds: 2,
        cpuMs: 300,
        machineBusy: 0.75,
        requests: 3_000,
        handled: 1_500,
        peakRssMb: 90,
        latencyMs: { p50: 5, p99: 50 },
      },
    ]);
    expect(Object.fromEntries(rows.map(({ metric, median }) => [metric, median]))).toEqual({
      "messages per second": 500,
      "client CPU per message": 300,
      "machine busy": 75,
      "SQS requests per message": 2,
      "peak memory": 90,
      "latency p50": 5,
      "latency p99": 50,
    });
  });
});

describe("a consumption", () => {
  it("handles the warm-up and the rest, and counts the requests of both", async () => {
    const run = await consume({
      contender: "sqs-consumer",
      messages: 40,
      warmUp: 20,
      pollers: 1,
      concurrency: 10,
      handler: { ms: 0 },
    });
    expect(run.handled).toBe(60);
    // One receive for ten, and one delete for each.
    expect(run.requests).toBeGreaterThanOrEqual(60 + 6);
    expect(run.requests).toBeLessThan(60 + 6 + 10);
    expect(run.seconds).toBeGreaterThan(0);
  });
});
