import type { Clock } from "@exactly-once/core/ports";
import { OneShot, type OneShotOptions, type Shot } from "./one-shot.js";
import type { WireCall } from "./ses-api.js";

export interface OneRequestOptions<Value> extends OneShotOptions {
  readonly clock: Clock;
  /** For the whole call, credentials, connecting and the last byte of the reply included, ms. */
  readonly limitMs: number;
  /** Nobody waits for the answer any more: the call is hung up. */
  readonly signal?: AbortSignal | undefined;
  readonly make: (call: WireCall) => Promise<Value>;
}

export type Answer<Value> =
  | { readonly kind: "reply"; readonly value: Value }
  | { readonly kind: "failure"; readonly error: unknown; readonly shot: Shot };

/**
 * Makes one request and waits for its end, at most `limitMs`: whoever feeds a reply byte by byte
 * holds no worker for ever. What isn't written by then never goes out.
 */
export async function oneRequest<Value>(options: OneRequestOptions<Value>): Promise<Answer<Value>> {
  const oneShot = new OneShot(options);
  const overdue = new AbortController();
  const ended = new AbortController();
  const making = options.make({
    arm: (stack) => oneShot.arm(stack),
    abortSignal: overdue.signal,
  });
  // It may fail long after the race, or never settle.
  making.catch(() => undefined);
  try {
    const value = await Promise.race([making, oneShot.stopped, limitOf(options, ended.signal)]);
    return { kind: "reply", value };
  } catch (error) {
    const { shot } = oneShot;
    oneShot.giveUp();
    if (error instanceof OverdueError) overdue.abort();
    return { kind: "failure", error, shot };
  } finally {
    ended.abort();
  }
}

/** Never leaves this folder: it is told as `timedOut`. */
class OverdueError extends Error {
  override readonly name = "TimeoutError";
}

async function limitOf(
  { clock, limitMs, signal }: Pick<OneRequestOptions<unknown>, "clock" | "limitMs" | "signal">,
  ended: AbortSignal,
): Promise<never> {
  await clock.sleep(limitMs, signal ? AbortSignal.any([ended, signal]) : ended);
  if (ended.aborted) return new Promise<never>(() => undefined);
  throw new OverdueError(`The call to SES took more than ${limitMs} ms, or nobody waits for it.`);
}
