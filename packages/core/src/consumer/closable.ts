import { QueueUnavailableError, StoreUnavailableError } from "../errors.js";
import type { DedupeStore, MessageQueue } from "../ports/index.js";

/** The store for as long as `closed` hasn't aborted: then every call is refused without being made. */
export function closableStore(store: DedupeStore, closed: AbortSignal): DedupeStore {
  const call = <Reply>(made: () => Promise<Reply>): Promise<Reply> =>
    closed.aborted ? Promise.reject(new StoreUnavailableError(STOPPED)) : made();
  const { control, tripwire } = store;
  return {
    capabilities: store.capabilities,
    ...(store.verify && { verify: () => call(async () => (await store.verify?.()) ?? []) }),
    claim: (items) => call(() => store.claim(items)),
    extend: (items) => call(() => store.extend(items)),
    begin: (item) => call(() => store.begin(item)),
    block: (item) => call(() => store.block(item)),
    settle: (item, outcome, granted) => call(() => store.settle(item, outcome, granted)),
    complete: (items) => call(() => store.complete(items)),
    release: (items) => call(() => store.release(items)),
    bury: (item) => call(() => store.bury(item)),
    resolve: (attemptId, verdict, who) => call(() => store.resolve(attemptId, verdict, who)),
    unresolved: (cursor) => call(() => store.unresolved(cursor)),
    read: (keys) => call(() => store.read(keys)),
    ...(control && {
      control: {
        pause: (...args) => call(() => control.pause(...args)),
        resume: (namespace, pipeline) => call(() => control.resume(namespace, pipeline)),
        status: (namespace) => call(() => control.status(namespace)),
      },
    }),
    ...(tripwire && {
      tripwire: {
        reserve: (item) => call(() => tripwire.reserve(item)),
        free: (item) => call(() => tripwire.free(item)),
        count: (item) => call(() => tripwire.count(item)),
      },
    }),
  };
}

/** The queue, likewise. */
export function closableQueue(queue: MessageQueue, closed: AbortSignal): MessageQueue {
  const call = <Reply>(made: () => Promise<Reply>): Promise<Reply> =>
    closed.aborted ? Promise.reject(new QueueUnavailableError(STOPPED)) : made();
  return {
    describe: () => call(() => queue.describe()),
    receive: (request) => call(() => queue.receive(request)),
    extend: (items) => call(() => queue.extend(items)),
    acknowledge: (items) => call(() => queue.acknowledge(items)),
    retryLater: (items) => call(() => queue.retryLater(items)),
    deadLetter: (message, reason) => call(() => queue.deadLetter(message, reason)),
  };
}

const STOPPED = "The consumer has stopped: make a new one.";
