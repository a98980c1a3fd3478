import type { Pipeline } from "../pipeline/pipeline.js";
import type { Clock, DedupeStore, MessageQueue, Sender } from "../ports/index.js";

/** Points at which a process can be killed, named by the last thing that happened. */
export type CrashPoint =
  | "after-receive"
  | "after-claim"
  | "after-begin"
  | "after-send"
  | "after-settle"
  | "after-complete";

export interface CrashableOptions {
  readonly clock: Clock;
  readonly queue: MessageQueue;
  readonly store: DedupeStore;
  readonly pipelines: readonly Pipeline[];
  readonly crashAt: CrashPoint | undefined;
}

/**
 * The ports as one process sees them, which can be killed: from then on nothing it calls answers
 * any more and nothing it does has an effect, as after SIGKILL.
 */
export interface CrashableProcess {
  readonly queue: MessageQueue;
  readonly store: DedupeStore;
  readonly pipelines: readonly Pipeline[];
  crashed(): boolean;
  onCrash(callback: () => void): void;
}

export function crashableProcess(options: CrashableOptions): CrashableProcess {
  const { queue, store, pipelines } = options;
  let dead = false;
  let callback: (() => void) | undefined;

  /** Runs a call of this process; kills the process once it happened, if this is the point. */
  function through<Args extends unknown[], Reply>(
    call: (...args: Args) => Promise<Reply>,
    point?: CrashPoint,
  ): (...args: Args) => Promise<Reply> {
    return async (...args) => {
      if (dead) return never();
      const reply = await call(...args);
      if (point !== undefined && point === options.crashAt && !isEmpty(reply)) crash();
      return dead ? never() : reply;
    };
  }

  function crash(): void {
    if (dead) return;
    dead = true;
    callback?.();
  }

  return {
    crashed: () => dead,
    onCrash: (next) => {
      callback = next;
      if (dead) next();
    },
    queue: {
      describe: through(() => queue.describe()),
      receive: through((request) => queue.receive(request), "after-receive"),
      extend: through((items) => queue.extend(items)),
      acknowledge: through((items) => queue.acknowledge(items)),
      retryLater: through((items) => queue.retryLater(items)),
      deadLetter: through((message, reason) => queue.deadLetter(message, reason)),
    },
    store: {
      ...store,
      claim: through((items) => store.claim(items), "after-claim"),
      extend: through((items) => store.extend(items)),
      begin: through((item) => store.begin(item), "after-begin"),
      block: through((item) => store.block(item)),
      settle: through(
        (item, outcome, granted) => store.settle(item, outcome, granted),
        "after-settle",
      ),
      complete: through((items) => store.complete(items), "after-complete"),
      release: through((items) => store.release(items)),
      bury: through((item) => store.bury(item)),
      read: through((keys) => store.read(keys)),
    },
    pipelines: pipelines.map((pipeline) => ({
      ...pipeline,
      effects: Object.fromEntries(
        Object.entries(pipeline.effects).map(([name, sender]): [string, Sender<unknown>] => [
          name,
          {
            ...sender,
            prepare: (payload) => sender.prepare(payload),
            send: through((prepared, attempt) => sender.send(prepared, attempt), "after-send"),
          },
        ]),
      ),
    })),
  };
}

/** An empty receive is no point in a message's life. */
function isEmpty(reply: unknown): boolean {
  return Array.isArray(reply) && reply.length === 0;
}

function never<Reply>(): Promise<Reply> {
  return new Promise(() => undefined);
}
