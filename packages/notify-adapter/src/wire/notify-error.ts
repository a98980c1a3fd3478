/** An error as Notify's API tells it. */
export interface NotifyError {
  /** Such as `ValidationError`: the API promises that these don't change; its messages may. */
  readonly error: string;
}

const word = /^[A-Za-z][A-Za-z0-9]{0,63}$/;

/**
 * Notify's own error in the body of an answer, or `undefined` where it bears none: then something on the
 * way may have answered, and nothing is known.
 *
 * @param status the answer's status, which the body repeats
 */
export function notifyErrorIn(status: number, body: string | undefined): NotifyError | undefined {
  const { status_code: code, errors } = fieldsOf(parseJson(body));
  if (code !== status || !Array.isArray(errors)) return undefined;
  const { error } = fieldsOf((errors as readonly unknown[])[0]);
  return typeof error === "string" && word.test(error) ? { error } : undefined;
}

/** What text holds as JSON; `undefined` where it isn't any. */
export function parseJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "") as unknown;
  } catch {
    return undefined;
  }
}

/** The fields of an object; none where it isn't one. */
export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
