import type { EventKind } from "./account.js";
import {
  compileEventFaults,
  defaultLateMs,
  type EventFate,
  type EventFaultPlan,
} from "./event-faults.js";
import type { SesEvent } from "./events.js";

/** Hands one message to a topic; a rejection is recorded, and the event counts as failed. */
export type PublishToTopic = (topicArn: string, message: string) => Promise<void>;

/** What became of one event. */
export interface PublishedEvent {
  readonly kind: EventKind;
  readonly topicArn: string;
  readonly event: SesEvent;
  readonly fate: EventFate | undefined;
  /** Times the topic took it: 2 if doubled, 0 if lost, failed or still on its way. */
  readonly deliveries: number;
  /** The topic's last fault, if there was one. */
  readonly error: unknown;
}

type Entry = { -readonly [K in keyof PublishedEvent]: PublishedEvent[K] };

/**
 * Publishes events in order, one after another, except where a fault says otherwise: a reordered
 * event waits for the next one and follows it, a late one comes when its time is up.
 */
export const createEventPublisher = (options: {
  readonly publish: PublishToTopic;
  readonly faults: EventFaultPlan | undefined;
  readonly keep: number;
}) => {
  const perfect: EventFaultPlan = { seed: 0 };
  let plan: EventFaultPlan = options.faults ?? perfect;
  let fateOf = compileEventFaults(plan);
  let entries: Entry[] = [];
  let tail: Promise<void> = Promise.resolve();
  const heldBack: Entry[] = [];
  const late = new Map<Entry, NodeJS.Timeout>();

  const deliver = async (entry: Entry): Promise<void> => {
    try {
      await options.publish(entry.topicArn, JSON.stringify(entry.event));
      entry.deliveries += 1;
    } catch (error) {
      entry.error = error;
    }
  };

  const enqueue = (entry: Entry): void => {
    tail = tail.then(() => deliver(entry));
  };

  const releaseLate = (entry: Entry): void => {
    clearTimeout(late.get(entry));
    late.delete(entry);
    enqueue(entry);
  };

  const dispatch = (entry: Entry): void => {
    switch (entry.fate) {
      case "lost":
        return;
      case "late": {
        const ms = typeof plan === "function" ? defaultLateMs : (plan.lateMs ?? defaultLateMs);
        late.set(
          entry,
          setTimeout(() => releaseLate(entry), ms),
        );
        return;
      }
      case "reordered":
        heldBack.push(entry);
        return;
      case "doubled":
        enqueue(entry);
        enqueue(entry);
        break;
      case undefined:
        enqueue(entry);
    }
    for (const held of heldBack.splice(0)) enqueue(held);
  };

  return {
    setFaults: (faults: EventFaultPlan | undefined): void => {
      plan = faults ?? perfect;
      fateOf = compileEventFaults(plan);
    },
    publish: (kind: EventKind, topicArn: string, event: SesEvent): void => {
      const entry: Entry = {
        kind,
        topicArn,
        event,
        fate: fateOf(event),
        deliveries: 0,
        error: undefined,
      };
      entries.push(entry);
      if (entries.length > options.keep * 2) entries = entries.slice(-options.keep);
      dispatch(entry);
    },
    events: (): readonly PublishedEvent[] => entries.slice(-options.keep),
    /** Lets late and reordered events go now, and waits until the topic has answered for all. */
    flush: async (): Promise<void> => {
      for (const entry of late.keys()) releaseLate(entry);
      for (const held of heldBack.splice(0)) enqueue(held);
      await tail;
    },
    /** Forgets what is still late or held back. */
    close: async (): Promise<void> => {
      for (const timer of late.values()) clearTimeout(timer);
      late.clear();
      await tail;
    },
  };
};

export type EventPublisher = ReturnType<typeof createEventPublisher>;
