import { ExactlyOnceError } from "@exactly-once/core";

/** What of an error may be logged. */
export interface ErrorFacts {
  readonly type: string;
  readonly code?: string;
  readonly status?: number;
  /** Only where its author promises that it bears no personal data. */
  readonly message?: string;
  readonly cause?: ErrorFacts;
}

const DEEPEST = 4;

/**
 * An error without what might be personal: messages of providers and parsers repeat addresses and
 * bodies. Those of the `@exactly-once` packages don't, and are kept.
 */
export function describeError(error: unknown, depth = 0): ErrorFacts {
  if (!(error instanceof Error)) return { type: typeof error };
  const { code, $metadata } = error as ErrorDetails;
  const status = $metadata?.httpStatusCode;
  return {
    type: error.name,
    ...(typeof code === "string" ? { code } : {}),
    ...(status === undefined ? {} : { status }),
    ...(error instanceof ExactlyOnceError ? { message: error.message } : {}),
    ...(error.cause === undefined || depth >= DEEPEST
      ? {}
      : { cause: describeError(error.cause, depth + 1) }),
  };
}

interface ErrorDetails {
  readonly code?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number };
}
