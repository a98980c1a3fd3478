import type { SQSClient } from "@aws-sdk/client-sqs";
import type { StandardRetryStrategy } from "@smithy/core/retry";
import { randomUUID } from "node:crypto";

/** What the SDK's retry middleware handles. */
interface Args {
  readonly request: { readonly headers: Record<string, string> };
}

interface Result {
  readonly output: { readonly $metadata: { attempts?: number; totalRetryDelay?: number } };
}

type Next = (args: Args) => Promise<Result>;
type Middleware = (next: Next, context: object) => Next;

/** As much of the SDK's middleware stack as matters here. */
interface Stack {
  add(middleware: Middleware, options: object): void;
}

/**
 * The SDK's retry loop makes an `Error` before the first try, in case there will be one to throw, and V8
 * writes down for it who waits for whom, which takes it long. Here the first try goes without the loop, by the same rules, and what fails is told to the SDK's own loop as the outcome of its
 * first try, for it to go on from there.
 *
 * Other strategies than the standard one, which may want to delay a first try, have the loop from the start.
 *
 * @returns once the client has it
 * @throws where the SDK's loop can't be loaded; the client works without
 */
export async function tryOnceFirst({ config, middlewareStack }: SQSClient): Promise<void> {
  const { getRetryPlugin, StandardRetryStrategy, INVOCATION_ID_HEADER, REQUEST_HEADER } =
    await import("@smithy/core/retry");
  const stack = middlewareStack as unknown as Stack;

  const firstTryAlone = (loop: Middleware): Middleware => {
    return (next, context) => async (args) => {
      const strategy: unknown = await config.retryStrategy();
      if (!(strategy instanceof StandardRetryStrategy)) return loop(next, context)(args);
      const { headers } = args.request;
      const invocationId = (headers[INVOCATION_ID_HEADER] = randomUUID());
      headers[REQUEST_HEADER] = `attempt=1; max=${await config.maxAttempts()}`;
      try {
        const result = await next(args);
        await recordSuccess(strategy);
        Object.assign(result.output.$metadata, { attempts: 1, totalRetryDelay: 0 });
        return result;
      } catch (error) {
        return loop(after(error, invocationId, next), context)(args);
      }
    };
  };

  /** What comes after `error`, as tries of the same call. */
  function after(error: unknown, invocationId: string, next: Next): Next {
    let isFirst = true;
    return async (args) => {
      args.request.headers[INVOCATION_ID_HEADER] = invocationId;
      if (!isFirst) return next(args);
      isFirst = false;
      throw error;
    };
  }

  const withFirstTryAlone: Stack = {
    add: (loop, options) => {
      stack.add(firstTryAlone(loop), options);
    },
  };
  getRetryPlugin(config).applyToStack(withFirstTryAlone as unknown as SQSClient["middlewareStack"]);
}

/** Each success without a retry gives the strategy back a little of its budget for retries. */
async function recordSuccess(strategy: StandardRetryStrategy): Promise<void> {
  strategy.recordSuccess(await strategy.acquireInitialRetryToken(""));
}
