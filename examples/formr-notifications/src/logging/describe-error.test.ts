import { PermanentError } from "@exactly-once/core";
import { describe, expect, it } from "vitest";
import { describeError } from "./describe-error.js";

describe("what is logged of an error", () => {
  it("leaves out the message of a stranger's error, which may repeat an address", () => {
    const error = Object.assign(new Error("Email address is not verified: jo@example.org"), {
      name: "MessageRejected",
      $metadata: { httpStatusCode: 400 },
    });
    expect(describeError(error)).toEqual({ type: "MessageRejected", status: 400 });
  });

  it("keeps our own message and the kind of its cause", () => {
    const cause = new SyntaxError("Unexpected token in {jo@example.org");
    expect(describeError(new PermanentError("It isn't JSON.", { cause }))).toEqual({
      type: "PermanentError",
      code: "PERMANENT",
      message: "It isn't JSON.",
      cause: { type: "SyntaxError" },
    });
  });

  it("ends with a chain of causes that goes round", () => {
    const error = new Error("a");
    error.cause = error;
    expect(JSON.stringify(describeError(error)).length).toBeLessThan(500);
  });

  it("takes anything that was thrown", () => {
    expect(describeError("jo@example.org")).toEqual({ type: "string" });
    expect(describeError(undefined)).toEqual({ type: "undefined" });
  });
});
