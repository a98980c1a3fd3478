import { createVirtualClock } from "@exactly-once/core/testing";
import { describe, expect, it } from "vitest";
import { ProviderClock } from "./provider-clock.js";

describe("what is known of SES's clock", () => {
  it("is nothing until SES has said something", () => {
    const provider = new ProviderClock(createVirtualClock());
    expect([provider.atLeast(), provider.aheadMs()]).toEqual([undefined, undefined]);
  });

  it("is what SES said and what has passed since, whatever the wall clock does", async () => {
    const clock = createVirtualClock();
    const provider = new ProviderClock(clock);
    const said = Date.parse("2026-01-01T12:00:00Z");
    provider.heard({ date: new Date(said).toUTCString() });
    await clock.advance(5_000);
    clock.jumpWall(3_600_000);
    expect(provider.atLeast()).toBe(said + 5_000);
  });

  it("tells how far ahead the machine is", () => {
    const clock = createVirtualClock(Date.parse("2026-01-01T12:10:00Z"));
    const provider = new ProviderClock(clock);
    provider.heard({ date: "Thu, 01 Jan 2026 12:00:00 GMT" });
    expect(provider.aheadMs()).toBe(600_000);
  });

  it.each([{}, { date: "yesterday" }, { date: "Thu, 01 Jan 2026 12:00:00 GMT", age: "60" }])(
    "is not learnt from %o",
    (headers: Record<string, string>) => {
      const provider = new ProviderClock(createVirtualClock());
      provider.heard(headers);
      expect(provider.aheadMs()).toBeUndefined();
    },
  );
});
