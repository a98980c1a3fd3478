import { describe, expect, it } from "vitest";
import { faults, planFault, type FaultName } from "./faults.js";

const names = Object.keys(faults) as FaultName[];

describe("the plan of a fault", () => {
  it.each(names)("%s: is the same for the same seed, whoever runs under it", (name) => {
    expect(planFault(name, 1_000, 7)).toEqual(planFault(name, 1_000, 7));
  });

  it("is another one for another seed", () => {
    expect(planFault("SES reply lost", 1_000, 1)).not.toEqual(
      planFault("SES reply lost", 1_000, 2),
    );
  });

  it("strikes as many of a thousand as the table says, and at least one of few", () => {
    expect(planFault("poison message", 1_000, 1).poison?.size).toBe(20);
    expect(planFault("poison message", 10, 1).poison?.size).toBe(1);
  });

  it("of an SES that hangs took half of what it got, with and without a client's timeout", () => {
    const plain = planFault("SES hangs", 1_000, 1);
    const kinds = [...(plain.ses?.values() ?? [])];
    expect(kinds.filter((kind) => kind === "accept-then-hang")).toHaveLength(10);
    expect(kinds.filter((kind) => kind === "hang")).toHaveLength(10);
    const timed = planFault("SES hangs, client times out", 1_000, 1);
    expect(timed).toEqual({ ...plain, sesTimeoutMs: 2_000 });
  });
});
