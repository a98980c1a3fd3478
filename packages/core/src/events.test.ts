import { expect, it, vi } from "vitest";
import { createEmit } from "./events.js";

it("an observer that throws or rejects harms nothing", () => {
  const failure = Promise.reject(new Error("metrics backend down"));
  const then = vi.spyOn(failure, "then");
  const observers = [
    () => {
      throw new Error("metrics backend down");
    },
    () => failure,
  ];
  for (const observe of observers) {
    const emit = createEmit(observe, {
      clock: { now: () => 0 },
      randomness: { id: () => "process" },
    });
    expect(() => {
      emit({ type: "receivingResumed" });
    }).not.toThrow();
  }
  expect(then).toHaveBeenCalledWith(undefined, expect.any(Function));
});
