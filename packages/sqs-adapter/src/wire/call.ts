import type { SQSClient } from "@aws-sdk/client-sqs";

import { isTuned } from "../client/tuned-client.js";
import { toFault } from "./sqs-error.js";

/** What every `client.send` gets. Both are fields of the SDK's `HttpHandlerOptions`. */
export interface CallOptions {
  readonly abortSignal: AbortSignal;
  /**
   * Replaces the client's own `requestTimeout` for this request, which may be shorter than a long
   * poll.
   */
  readonly requestTimeout: number;
}

/**
 * Makes one SDK call that ends by its client's own timeouts, the SDK's retries on top, where the client
 * is one of ours and has such; else within `timeoutMs`. For what may not be given up half-way: a receive
 * that goes on behind our back would swallow messages.
 *
 * @throws QueueUnavailableError whatever the call rejects with, as its `cause`
 */
export async function callUnaborted<Result>(
  client: SQSClient,
  what: string,
  timeoutMs: number,
  run: (options?: CallOptions) => Promise<Result>,
): Promise<Result> {
  if (!isTuned(client)) return callSqs(what, timeoutMs, run);
  try {
    return await run();
  } catch (error) {
    throw toFault(what, error, undefined);
  }
}

/**
 * Makes one SDK call, the SDK's own retries included, end within `timeoutMs`. Without it a
 * connection that went silent would hold the caller for ever: the SDK has no request timeout by
 * default, and one that is set only warns unless `throwOnRequestTimeout` is set too.
 *
 * @throws QueueUnavailableError whatever the call rejects with, as its `cause`
 */
export async function callSqs<Result>(
  what: string,
  timeoutMs: number,
  run: (options: CallOptions) => Promise<Result>,
): Promise<Result> {
  const abort = new AbortController();
  let timedOut = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      timedOut = true;
      abort.abort();
      reject(new Error("timed out"));
    }, timeoutMs);
  });
  try {
    const work = run({ abortSignal: abort.signal, requestTimeout: timeoutMs });
    // The SDK may wait for credentials or between its retries, where it doesn't see the signal.
    return await Promise.race([work, timeout]);
  } catch (error) {
    throw toFault(what, error, timedOut ? timeoutMs : undefined);
  } finally {
    clearTimeout(timer);
  }
}
