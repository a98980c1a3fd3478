import { expect, it } from "vitest";
import { StoreUnavailableError } from "./errors.js";
import { serializeEvent } from "./serialize-event.js";

const origin = { at: 1, source: "p1", seq: 7 };
const errorIn = (error: unknown): unknown =>
  (JSON.parse(serializeEvent({ ...origin, type: "storeDown", error })) as { error: unknown }).error;

it("writes an event as a line of JSON", () => {
  const event = { ...origin, type: "received", count: 3 } as const;
  const line = serializeEvent(event);
  expect(line).not.toContain("\n");
  expect(JSON.parse(line)).toEqual(event);
});

it("tells an error's kind, and what it says only where that is ours", () => {
  expect(errorIn(new StoreUnavailableError("Redis doesn't answer."))).toEqual({
    name: "StoreUnavailableError",
    code: "STORE_UNAVAILABLE",
    message: "Redis doesn't answer.",
  });
  const foreign = Object.assign(new Error("ann@example.org"), { code: "EPIPE" });
  expect(errorIn(foreign)).toEqual({ name: "Error", code: "EPIPE" });
  foreign.name = "no such user ann@example.org";
  expect(errorIn(foreign)).toEqual({ code: "EPIPE" });
});
