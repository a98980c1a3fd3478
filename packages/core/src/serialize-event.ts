import { ExactlyOnceError } from "./errors.js";
import type { ConsumerEvent } from "./events.js";

/**
 * An event as one line of JSON, without a line feed. Of an error stands its name, its code where it has one,
 * and its message where it is one of ours: what others write may repeat addresses and bodies.
 *
 * @example
 * ```ts
 * createConsumer({ ...options, observe: (event) => log.write(`${serializeEvent(event)}\n`) });
 * ```
 */
export function serializeEvent(event: ConsumerEvent): string {
  return JSON.stringify(event, (_name, value: unknown) =>
    value instanceof Error ? told(value) : value,
  );
}

function told(error: Error): object {
  const { name } = error;
  const { code } = error as { readonly code?: unknown };
  return {
    ...(isIdentifier(name) ? { name } : {}),
    ...(isIdentifier(code) ? { code } : {}),
    ...(error instanceof ExactlyOnceError ? { message: error.message } : {}),
  };
}

/** As programs name things: whoever puts an address or a sentence into a name or a code isn't quoted. */
export function isIdentifier(text: unknown): text is string {
  return typeof text === "string" && /^[A-Za-z_$][\w$.:-]{0,63}$/.test(text);
}
