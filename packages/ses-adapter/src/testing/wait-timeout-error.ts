const brand = Symbol.for("@exactly-once/ses-adapter/wait-timeout");

/** The awaited email didn't come in time. */
export interface WaitTimeoutError extends Error {
  readonly code: "WAIT_TIMEOUT";
}

export const waitTimeoutError = (timeoutMs: number, received: number): WaitTimeoutError =>
  Object.assign(
    new Error(
      `The awaited email didn't arrive within ${timeoutMs} ms (${received} are in the mailbox). ` +
        `Look at requests() for calls that were refused, or raise timeoutMs.`,
    ),
    { name: "WaitTimeoutError", code: "WAIT_TIMEOUT" as const, [brand]: true },
  );

/** Recognises the error also when two copies of this package are loaded. */
export const isWaitTimeoutError = (error: unknown): error is WaitTimeoutError =>
  typeof error === "object" && error !== null && brand in error;
