import { describe, expect, it } from "vitest";
import { classifyFailure } from "./classify.js";
import { SecondRequestError } from "../errors/second-request-error.js";
import type { OneShot } from "./one-shot.js";

const shot = (seen: Partial<OneShot> = {}): OneShot => ({
  ...{ written: true, refusedBecause: undefined, status: undefined },
  stopped: new Promise<never>(() => undefined),
  ...seen,
});

const failure = (fields: object) => Object.assign(new Error("text"), fields);

const refused = failure({ code: "ECONNREFUSED", syscall: "connect" });

describe("several addresses of SES, tried one after the other", () => {
  it("that all refused got nothing", () => {
    const error = new AggregateError([refused, failure({ code: "ETIMEDOUT", syscall: "connect" })]);
    expect(classifyFailure(error, shot())).toEqual({ status: "rejected", reason: "connectFailed" });
  });

  it("of which one failed later than connecting may have got it", () => {
    const error = new AggregateError([refused, failure({ code: "ECONNRESET", syscall: "read" })]);
    expect(classifyFailure(error, shot()).status).toBe("unknown");
  });
});

describe("what is known of a failed request", () => {
  it("is nothing when the client went on to a second one, whatever the first was answered", () => {
    const error = new SecondRequestError("stopped");
    expect(classifyFailure(error, shot({ status: 400 }))).toEqual({
      status: "unknown",
      reason: "clientResent",
    });
  });

  it("is nothing when its reply stops half-way", () => {
    const error = failure({ name: "TimeoutError" });
    expect(classifyFailure(error, shot({ status: 200 })).status).toBe("unknown");
  });

  it.each([undefined, null, "text", 7, {}, failure({ name: "a@b.org\r\n" })])(
    "bears no personal data, whatever was thrown: %o",
    (thrown) => {
      expect(classifyFailure(thrown, shot())).toEqual({
        status: "unknown",
        reason: "fault:unknown",
      });
      expect(classifyFailure(thrown, shot({ written: false }))).toEqual({
        status: "rejected",
        reason: "beforeRequest:unknown",
      });
    },
  );

  it("is nothing when SES says that reading the request took too long", () => {
    const error = failure({ Code: "RequestTimeout" });
    expect(classifyFailure(error, shot({ status: 400 })).status).toBe("unknown");
  });
});
