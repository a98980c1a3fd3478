import type {
  LambdaBatchResponse,
  LambdaHandler,
  LambdaSqsRecord,
} from "@exactly-once/sqs-adapter";
import type { Host, Life } from "../kernel/host.js";
import type { ScheduledEvent } from "../kernel/event-heap.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Trace } from "../kernel/trace.js";

export interface LambdaFunctionOptions {
  readonly kernel: Kernel;
  readonly trace: Trace;
  /** The function's own timeout: its sandbox is killed then, ms. */
  readonly timeoutMs: number;
  /** A handler rejected: a function error. */
  onError(sandbox: Host, error: unknown): void;
  /** An invocation was answered, and its sandbox is about to be frozen. */
  onAnswered(sandbox: Host): void;
  /** An invocation that began at this true time used up the function's timeout. */
  onTimeout(sandbox: Host, beganAt: number): void;
}

/** What came of an invocation; absent where it failed, timed out or its sandbox died. */
export type Answer = LambdaBatchResponse | undefined;

/** An execution environment: it handles one invocation at a time and is frozen in between. */
export interface Sandbox {
  /** Its process is up, with this handler. */
  ready(life: Life, handler: LambdaHandler): void;
  /** Its process is gone, and an invocation with it. */
  onLifeEnd(): void;
  readonly isBusy: boolean;
  /** How many invocations this sandbox has had so far. */
  readonly invocations: number;
  /** Gets no more invocations in this life; resolves once it has none. */
  retire(): Promise<void>;
}

/** A Lambda function and its sandboxes, as AWS's developer guide describes them. */
export interface LambdaFunction {
  addSandbox(host: Host): Sandbox;
  /** @returns false where the invocation is throttled, since no sandbox is free. */
  invoke(records: readonly LambdaSqsRecord[], onEnd: (answer: Answer) => void): boolean;
}

/** From the request to the handler's first line, and after a kill to the next start, ms. */
const STARTS_MS = 5;
const RESTARTS_MS = 400;

export function lambdaFunction(options: LambdaFunctionOptions): LambdaFunction {
  const { kernel, trace, timeoutMs } = options;
  const sandboxes: ReturnType<typeof createSandbox>[] = [];

  function createSandbox(host: Host) {
    let present: { readonly life: Life; readonly handler: LambdaHandler } | undefined;
    let running: { readonly kill: ScheduledEvent; onEnd(answer: Answer): void } | undefined;
    let invocations = 0;
    let whenIdle: (() => void) | undefined;
    let isRetired = false;

    function end(answer: Answer): void {
      if (!running) return;
      const { kill, onEnd } = running;
      running = undefined;
      kernel.cancel(kill);
      onEnd(answer);
      whenIdle?.();
    }

    function answered(answer: Answer): void {
      options.onAnswered(host);
      host.freeze();
      end(answer);
    }

    function kill(): void {
      trace.add(kernel.now, host.name, `KILLED after the function's ${timeoutMs} ms`);
      options.onTimeout(host, kernel.now - timeoutMs);
      host.crash(RESTARTS_MS);
    }

    function start(records: readonly LambdaSqsRecord[], onEnd: (answer: Answer) => void): void {
      if (!present) return;
      const { life, handler } = present;
      const deadline = kernel.now + timeoutMs;
      invocations += 1;
      running = { kill: kernel.schedule(deadline, kill), onEnd };
      host.thaw();
      const context = { getRemainingTimeInMillis: () => deadline - kernel.now };
      const run = (): void => {
        handler({ Records: records }, context).then(answered, (error: unknown) => {
          options.onError(host, error);
          answered(undefined);
        });
      };
      kernel.schedule(kernel.now + STARTS_MS, run, life);
    }

    return {
      ready: (life: Life, handler: LambdaHandler) => {
        present = { life, handler };
        isRetired = false;
        host.freeze();
      },
      onLifeEnd: () => {
        present = undefined;
        end(undefined);
      },
      get isBusy() {
        return running !== undefined;
      },
      get isFree() {
        return present !== undefined && !running && !isRetired;
      },
      get invocations() {
        return invocations;
      },
      retire: () => {
        isRetired = true;
        return new Promise<void>((resolve) => {
          whenIdle = resolve;
          if (!running) resolve();
        });
      },
      start,
    };
  }

  return {
    addSandbox: (host) => {
      const sandbox = createSandbox(host);
      sandboxes.push(sandbox);
      return sandbox;
    },
    invoke: (records, onEnd) => {
      const free = sandboxes.find(({ isFree }) => isFree);
      free?.start(records, onEnd);
      return free !== undefined;
    },
  };
}
