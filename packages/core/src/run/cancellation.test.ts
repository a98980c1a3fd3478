import { describe, expect, it } from "vitest";
import { createCancellation } from "./cancellation.js";

describe("a cancellation", () => {
  it("aborts a signal that was asked for before, with the first reason", () => {
    const cancellation = createCancellation();
    const { signal } = cancellation;
    cancellation.abort("lease lost");
    cancellation.abort("drain");
    expect(signal.reason).toBe("lease lost");
    expect(cancellation.signal).toBe(signal);
  });

  it("hands out an aborted signal when it is asked for too late", () => {
    const cancellation = createCancellation();
    cancellation.abort("lease lost");
    expect(cancellation.signal.aborted).toBe(true);
    expect(cancellation.signal.reason).toBe("lease lost");
  });

  it("calls its listener once, at once where it has happened", () => {
    const cancellation = createCancellation();
    const calls: string[] = [];
    cancellation.listen(() => calls.push("first"));
    cancellation.listen(() => calls.push("second"));
    cancellation.abort("x");
    cancellation.abort("y");
    expect(calls).toEqual(["second"]);
    cancellation.listen(() => calls.push("third"));
    expect(calls).toEqual(["second", "third"]);
  });

  it("calls nobody who stopped listening", () => {
    const cancellation = createCancellation();
    let called = false;
    cancellation.listen(() => (called = true));
    cancellation.listen(undefined);
    cancellation.abort("x");
    expect(called).toBe(false);
  });
});
