import { type ConsumerEvent, UnreadableRecordError } from "@exactly-once/core";
import {
  type AttemptStart,
  type ControlFlags,
  formatAttemptId,
  type Lease,
  parseAttemptId,
  type QueueMessage,
} from "@exactly-once/core/ports";
import type { ServiceParts } from "../scenarios/service.js";
import type { QueueOracle } from "./queue.js";
import type { Report } from "./violations.js";

/** What one life of a process asks of the world, and whether it may at that moment. */
export interface ProcessOracle {
  /** The same parts, with an eye on what is asked of them. */
  watch(parts: ServiceParts): ServiceParts;
  /** A request for this attempt was signed: from now on nothing keeps it back. */
  onSigned(attemptId: string): void;
  /** `stop()` was called, and may give up at this true time what hasn't ended. */
  onStopping(givesUpAt: number): void;
  /** `stop()` has resolved. */
  onStopped(): void;
}

/** Losses after which the delivery is no longer this process's. */
const LOSSES: ReadonlySet<string> = new Set([
  "visibility",
  "claim",
  "unconfirmed",
  "maxVisibility",
]);
/** Clocks are read in whole milliseconds, here and there. */
const ROUNDING_MS = 1;

/** A pause is read once a second. */
const READ_EVERY_MS = 1_500;

export interface ConductOptions extends Pick<QueueOracle, "onLeased"> {
  readonly now: () => number;
  readonly pipelineOf: (messageId: string) => string;
  /** Whether the record of this key could once not be read. */
  readonly wasUnreadable: (key: string) => boolean;
  /** A call of the store that isn't answered within this fails. */
  readonly storeTimeoutMs: number;
  /** An invocation ends when it has to. */
  readonly isSandbox: boolean;
}

interface Asked {
  readonly monotonic: number;
  readonly wall: number;
  readonly timeoutMs: number;
}

/**
 * Rules of a process's own conduct. Nothing here follows from what the world answers later: each is
 * broken in the moment in which the process asks.
 */
export function processOracle(
  { clock, host }: ServiceParts["life"],
  { now, pipelineOf, isSandbox, storeTimeoutMs, onLeased, wasUnreadable }: ConductOptions,
  report: Report,
): ProcessOracle {
  /** Effects that are begun or sent just now, by their claim's owner. */
  const underWay = new Map<string, number>();
  /** Extensions that nobody answered yet, by the delivery's handle. */
  const extending = new Map<string, number>();
  /** The newest of each message. */
  const deliveries = new Map<string, QueueMessage>();
  const lostHandles = new Set<string>();
  /** Messages that are this process's no more, until they are delivered again. */
  const lost = new Set<string>();
  /** The message that each claim is for, by its owner. */
  const claimedFor = new Map<string, string>();
  const asked = new Map<string, Asked>();
  /** Whether sending is paused, as the store last answered. */
  let paused = (_pipeline: string): boolean => false;
  /** When it was last asked, by true time. */
  let askedAt = now();
  let givesUpAt = Number.POSITIVE_INFINITY;
  let stopped = false;

  function during<Reply>(
    counts: Map<string, number>,
    names: readonly string[],
    call: () => Promise<Reply>,
  ): Promise<Reply> {
    for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
    return call().finally(() => {
      for (const name of names) counts.set(name, (counts.get(name) ?? 0) - 1);
    });
  }

  function mustBeIdle(what: string, items: readonly Lease[]): void {
    // An invocation's end doesn't wait, nor a drain's: it leaves an attempt that others take for unknown.
    if (isSandbox || now() >= givesUpAt) return;
    for (const { key, owner } of items) {
      if ((underWay.get(owner) ?? 0) === 0) continue;
      report(
        "nothing ends beside an effect",
        `${key} was ${what} while ${owner} had one under way`,
      );
    }
  }

  /** Whom both clocks told that no time passed believes what it knew; the store doesn't. */
  function leased(messageId: string, leaseMs: number): void {
    if (!isSandbox && !host.sawNoTimePass) onLeased(messageId, leaseMs);
  }

  function mustRun(what: string): void {
    if (stopped) report("nothing after stop", `${what} was called after stop() had resolved`);
  }

  /** Every call of a port, with its name. */
  function guarded<Port extends object>(name: string, port: Port): Port {
    const entries = Object.entries(port).map(([method, value]: [string, unknown]) => {
      if (typeof value === "object" && value !== null) {
        return [method, guarded(`${name}.${method}`, value)];
      }
      if (typeof value !== "function") return [method, value];
      const call = value as (...args: unknown[]) => unknown;
      return [
        method,
        (...args: unknown[]) => {
          mustRun(`${name}.${method}`);
          return call(...args);
        },
      ];
    });
    return Object.fromEntries(entries) as Port;
  }

  function onAsked(start: AttemptStart): void {
    const attemptId = formatAttemptId(start);
    const messageId = claimedFor.get(start.owner) ?? "";
    if (lost.has(messageId)) {
      report("what is lost isn't gone on with", `${attemptId} was begun, ${messageId} is lost`);
    }
    // What follows is no fault of a request that is repeated.
    if (asked.has(attemptId)) return;
    if (paused(pipelineOf(messageId)))
      report("a pause is heeded", `${attemptId} was begun though sending is paused`);
    const staleMs = now() - Math.max(askedAt, host.pausedUntil);
    // While an answer is waited for nobody asks again.
    if (staleMs > READ_EVERY_MS + storeTimeoutMs) {
      report("a pause is read in time", `${attemptId} was begun ${staleMs} ms after the last look`);
    }
    const { timeoutMs } = start;
    asked.set(attemptId, { monotonic: clock.monotonic(), wall: clock.now(), timeoutMs });
  }

  /** Of a record that can't be read nobody else hears. */
  function judgeUnreadable(event: ConsumerEvent): void {
    const rule = "an unreadable record is its message's alone";
    if (event.type === "storeDown" && event.error instanceof UnreadableRecordError) {
      report(rule, "the store was taken for down");
    }
    const isIts =
      (event.type === "retry" || event.type === "held") && event.reason === "unreadable";
    if (isIts && !wasUnreadable(event.key ?? ""))
      report(rule, `${event.messageId} went back for it`);
  }

  function onEvent(event: ConsumerEvent): void {
    judgeUnreadable(event);
    if (event.type === "leaseLost") {
      const { messageId, reason, receiveCount } = event;
      const newest = deliveries.get(messageId);
      // An older delivery, about which the queue is being told, is one of its own.
      if (newest?.receiveCount !== receiveCount) return;
      if (reason === "visibility" && !lostHandles.has(newest.handle)) {
        report(
          "an extension's reply is its delivery's",
          `${messageId} was given up for a reply about an older delivery`,
        );
      }
      if (LOSSES.has(reason)) lost.add(messageId);
    } else if (event.type === "resumed" && lost.has(event.messageId)) {
      report("what is lost isn't gone on with", `${event.messageId} was held, lost and resumed`);
    }
  }

  function watchStore(store: ServiceParts["store"]): ServiceParts["store"] {
    return {
      ...store,
      begin: (start) => {
        onAsked(start);
        return during(underWay, [start.owner], () => store.begin(start));
      },
      extend: (items) => {
        for (const { owner, leaseMs } of items) leased(claimedFor.get(owner) ?? "", leaseMs);
        return store.extend(items);
      },
      release: (items) => {
        mustBeIdle("released", items);
        return store.release(items);
      },
      claim: (items) => {
        for (const { owner, messageId, leaseMs } of items) {
          claimedFor.set(owner, messageId);
          leased(messageId, leaseMs);
        }
        return store.claim(items);
      },
      ...(store.control ? { control: watchControl(store.control) } : {}),
      complete: (items) => {
        mustBeIdle("completed", items);
        return store.complete(items);
      },
    };
  }

  function watchControl(control: ControlFlags): ControlFlags {
    let readings = 0;
    let newest = 0;
    return {
      ...control,
      status: async (namespace) => {
        askedAt = now();
        const reading = (readings += 1);
        const state = await control.status(namespace);
        // One that a later one overtook says nothing of now.
        if (reading < newest) return state;
        newest = reading;
        paused = (pipeline) =>
          state.namespace !== undefined || state.pipelines[pipeline] !== undefined;
        return state;
      },
    };
  }

  function watchQueue(queue: ServiceParts["queue"]): ServiceParts["queue"] {
    return {
      ...queue,
      receive: async (request) => {
        const messages = await queue.receive(request);
        for (const message of messages) {
          deliveries.set(message.id, message);
          lost.delete(message.id);
        }
        return messages;
      },
      extend: async (items) => {
        const handles = items.map(({ message }) => message.handle);
        const replies = await during(extending, handles, () => queue.extend(items));
        items.forEach(({ message }, index) => {
          if (replies[index] === "lost") lostHandles.add(message.handle);
        });
        return replies;
      },
      retryLater: (items) => {
        for (const { message } of items) {
          if ((extending.get(message.handle) ?? 0) === 0) continue;
          const text = `${message.id} was handed back while an extension was under way`;
          report("nothing is handed back beside an extension", text);
        }
        return queue.retryLater(items);
      },
    };
  }

  return {
    watch: ({ store, queue, mailer, observe, ...parts }) => ({
      ...parts,
      store: guarded("store", watchStore(store)),
      queue: guarded("queue", watchQueue(queue)),
      mailer: {
        ...mailer,
        send: async (prepared, attempt) => {
          const { owner = "" } = parseAttemptId(attempt.id) ?? {};
          const outcome = await during(underWay, [owner], () => mailer.send(prepared, attempt));
          const isTry = outcome.status === "rejected" && outcome.throttle === undefined;
          if (isTry && outcome.reason === "clockSkew") {
            report("a clock that is off is no try", `${attempt.id} was rejected for it`);
          }
          return outcome;
        },
      },
      observe: (event) => {
        onEvent(event);
        observe(event);
      },
    }),
    onSigned: (attemptId) => {
      const known = asked.get(attemptId);
      if (!known) return;
      const sinceMs = Math.max(clock.monotonic() - known.monotonic, clock.now() - known.wall);
      if (sinceMs <= known.timeoutMs + ROUNDING_MS) return;
      const text = `${attemptId} was signed ${Math.round(sinceMs - known.timeoutMs)} ms after its deadline`;
      report("deadlines by the stricter clock", text);
    },
    onStopping: (at) => {
      givesUpAt = at;
    },
    onStopped: () => {
      stopped = true;
    },
  };
}
