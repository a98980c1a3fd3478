import { describe, expect, it } from "vitest";
import { SecondRequestError } from "../errors/second-request-error.js";
import { classifyFailure } from "./classify.js";
import type { Shot } from "./one-shot.js";
import type { SesError } from "./ses-api.js";

const context = { from: "forms@example.com", recipients: ["doctor@example.org"] };
const written: Shot = { phase: "written" };
const answered = (status: number): Shot => ({ phase: "answered", status });

const classify = (error: unknown, shot: Shot = written, sesError?: SesError) =>
  classifyFailure(error, shot, sesError, context);

const failure = (fields: object) => Object.assign(new Error("text"), fields);

const refused = failure({ code: "ECONNREFUSED", syscall: "connect" });

describe("several addresses of SES, tried one after the other", () => {
  it("that all refused got nothing", () => {
    const error = new AggregateError([refused, failure({ code: "ETIMEDOUT", syscall: "connect" })]);
    expect(classify(error)).toEqual({ kind: "unsent", reason: "connectFailed" });
  });

  it("of which one failed later than connecting may have got it", () => {
    const error = new AggregateError([refused, failure({ code: "ECONNRESET", syscall: "read" })]);
    expect(classify(error).kind).toBe("unknown");
  });
});

describe("what is known of a failed request", () => {
  it("is nothing when the client went on to a second one, whatever the first was answered", () => {
    const error = new SecondRequestError("stopped");
    for (const shot of [written, answered(400)]) {
      expect(classify(error, shot)).toEqual({ kind: "unknown", reason: "clientResent" });
    }
  });

  it("is nothing when its reply stops half-way", () => {
    expect(classify(failure({ name: "TimeoutError" }), answered(200)).kind).toBe("unknown");
  });

  it.each([undefined, null, "text", 7, {}, failure({ name: "a@b.org\r\n" })])(
    "bears no personal data, whatever was thrown: %o",
    (thrown) => {
      expect(classify(thrown)).toEqual({ kind: "unknown", reason: "fault:unknown" });
      expect(classify(thrown, { phase: "armed" })).toEqual({
        kind: "unsent",
        reason: "beforeRequest:unknown",
      });
    },
  );

  it("is nothing when SES says that reading the request took too long", () => {
    const sesError = { code: "RequestTimeout", message: "" };
    expect(classify(failure({}), answered(400), sesError)).toEqual({
      kind: "unknown",
      reason: "RequestTimeout",
    });
  });

  it("is nothing when an error of SES's stands behind a status that isn't one of its refusals", () => {
    const sesError = { code: "Throttling", message: "Maximum sending rate exceeded." };
    for (const status of [200, 302, 500, 503]) {
      expect(classify(failure({}), answered(status), sesError).kind).toBe("unknown");
    }
  });
});
