import { expect, it, vi } from "vitest";
import * as errors from "./errors.js";

const { ConfigurationError, ExactlyOnceError, PermanentError, StoreUnavailableError } = errors;

/** The same module, loaded again: what an application has that loads it as ESM and as CommonJS. */
async function otherCopy(): Promise<typeof errors> {
  vi.resetModules();
  return import("./errors.js");
}

it("recognises errors of another copy by instanceof", async () => {
  const other = await otherCopy();
  expect(other.PermanentError).not.toBe(PermanentError);
  const foreign: unknown = new other.PermanentError("no address");

  expect(foreign instanceof PermanentError).toBe(true);
  expect(foreign instanceof ExactlyOnceError).toBe(true);
  expect(foreign instanceof Error).toBe(true);
  expect(foreign instanceof ConfigurationError).toBe(false);
});

it.each([null, undefined, "text", 7, {}, new Error("other"), { code: "PERMANENT" }])(
  "takes %o for none of ours",
  (value: unknown) => {
    expect(value instanceof PermanentError).toBe(false);
    expect(value instanceof ExactlyOnceError).toBe(false);
  },
);

it("tells classes that others derive from ours apart", async () => {
  class NoAddressError extends PermanentError {}
  class NoConsentError extends PermanentError {}
  const other = await otherCopy();
  const error: unknown = new NoAddressError("no address");

  expect(error instanceof NoAddressError).toBe(true);
  expect(error instanceof NoConsentError).toBe(false);
  expect(error instanceof PermanentError).toBe(true);
  expect(error instanceof other.PermanentError).toBe(true);
  expect(new PermanentError("any") instanceof NoAddressError).toBe(false);
});

it("names each class as it is exported, also in the stack, whatever a bundler calls it", () => {
  for (const [name, exported] of Object.entries(errors)) {
    expect(Object.getOwnPropertyDescriptor(exported.prototype, "name")?.value).toBe(name);
  }
  const error = new StoreUnavailableError("no answer");
  expect(String(error)).toBe("StoreUnavailableError: no answer");
  expect(error.stack).toMatch(/^StoreUnavailableError: no answer\n/);
  expect(JSON.parse(JSON.stringify(error))).toEqual({ code: "STORE_UNAVAILABLE" });
});

it("keeps the cause", () => {
  const cause = new Error("ECONNREFUSED");
  expect(new StoreUnavailableError("no answer", { cause }).cause).toBe(cause);
});
