import type { ConsumerEvent, ConsumerHealth } from "@exactly-once/core";
import type { UserCacheStats } from "@exactly-once/core/user-cache";
import type { Attributes, BatchObservableCallback, Meter } from "@opentelemetry/api";
import { bounded, effectName } from "./bounded.js";
import * as names from "./semantic-conventions.js";

/** Seconds; from a cache's answer to a walk of a user pool. */
const SECONDS = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 7_200,
];

/** What an event's part is about: a message whose time here is over, for now. */
type Ending = Extract<
  ConsumerEvent,
  { type: "done" | "duplicateSuppressed" | "retry" | "deadLettered" | "leaseLost" }
>;

/** The metrics of one consumer: counted from its events, observed of it and of a user cache. */
export class Metrics {
  readonly #meter: Meter;
  readonly #destination: Attributes;
  readonly #now: () => number;
  readonly #instruments: ReturnType<typeof instrumentsOf>;
  readonly #pipelineOf = bounded();
  readonly #effectOf = bounded();
  readonly #codeOf = bounded();
  /** When a message that is here now was claimed first, by its id. */
  readonly #claimedAt = new Map<string, number>();
  /** Messages that wait in place, by their ids. */
  readonly #held = new Map<string, { readonly reason: string; readonly since: number }>();

  /** @param now wall-clock milliseconds, as the events' `at` */
  constructor(meter: Meter, queue: string, now: () => number) {
    this.#meter = meter;
    this.#destination = { [names.MESSAGING_DESTINATION_NAME]: queue };
    this.#now = now;
    this.#instruments = instrumentsOf(meter);
    this.#observeHeld();
  }

  observe(event: ConsumerEvent): void {
    switch (event.type) {
      case "claimed":
        if (!this.#claimedAt.has(event.messageId)) this.#claimedAt.set(event.messageId, event.at);
        return;
      case "done":
      case "duplicateSuppressed":
      case "retry":
      case "deadLettered":
      case "leaseLost":
        this.#ended(event);
        return;
      case "held":
        this.#held.set(event.messageId, { reason: event.reason, since: event.at });
        return;
      case "resumed":
        this.#held.delete(event.messageId);
        return;
      case "attemptSettled":
      case "sendSuppressed":
      case "duplicateProven":
      case "tripwire":
        this.#effect(event);
        return;
      default:
        this.#upkeep(event);
    }
  }

  watch(health: () => ConsumerHealth): () => void {
    return watchHealth(this.#meter, this.#destination, health);
  }

  watchUserCache(stats: () => UserCacheStats): () => void {
    return watchStats(this.#meter, stats, this.#now);
  }

  #of(event: { readonly pipeline?: string }, more: Attributes = {}): Attributes {
    return { ...this.#destination, [names.PIPELINE]: this.#pipelineOf(event.pipeline), ...more };
  }

  #ended(event: Ending): void {
    const { messages, retries, deadLetters, lost } = this.#instruments;
    switch (event.type) {
      case "done":
        this.#done(event);
        break;
      case "retry":
        retries.add(1, this.#of(event, { [names.REASON]: event.reason }));
        break;
      case "deadLettered":
        deadLetters.add(1, this.#of(event, { [names.CODE]: this.#codeOf(event.code) }));
        break;
      case "leaseLost":
        lost.add(1, this.#of(event, { [names.REASON]: event.reason }));
        break;
      case "duplicateSuppressed":
    }
    messages.add(1, this.#of(event, { [names.DISPOSITION]: dispositionOf(event) }));
    this.#claimedAt.delete(event.messageId);
    this.#held.delete(event.messageId);
  }

  #done(event: Extract<Ending, { type: "done" }>): void {
    const { process, duration } = this.#instruments;
    const disposition = { [names.DISPOSITION]: dispositionOf(event) };
    process.record(event.durationMs / 1_000, this.#of(event, disposition));
    const since = this.#claimedAt.get(event.messageId);
    if (since !== undefined) duration.record((event.at - since) / 1_000, this.#of(event));
  }

  #effect(
    event: Extract<
      ConsumerEvent,
      { type: "attemptSettled" | "sendSuppressed" | "duplicateProven" | "tripwire" }
    >,
  ): void {
    const { sends, suppressed, duplicates, tripwire } = this.#instruments;
    const effect = (slot: string) => ({ [names.EFFECT]: this.#effectOf(effectName(slot)) });
    switch (event.type) {
      case "attemptSettled":
        sends.add(1, this.#of(event, { ...effect(event.effect), [names.OUTCOME]: event.status }));
        return;
      case "sendSuppressed":
        suppressed.add(1, this.#of(event, effect(event.effect)));
        return;
      case "duplicateProven":
        duplicates.add(1, this.#of(event));
        return;
      case "tripwire":
        tripwire.add(
          1,
          this.#of(event, { [names.KIND]: event.kind, [names.ACTION]: event.action }),
        );
    }
  }

  /** What is of no message in particular. */
  #upkeep(event: ConsumerEvent): void {
    const { received, margin, faults } = this.#instruments;
    switch (event.type) {
      case "received":
        received.add(event.count, this.#destination);
        return;
      case "extended":
        if (event.marginMs !== undefined) margin.record(event.marginMs / 1_000, this.#destination);
        return;
      case "receiveFailed":
      case "extendFailed":
      case "acknowledgeFailed":
      case "storeDown":
      case "deadLetterImpossible":
      case "internalError":
        faults.add(1, { ...this.#destination, [names.KIND]: event.type });
        return;
      default:
    }
  }

  #observeHeld(): void {
    const held = this.#meter.createObservableUpDownCounter("exactly_once.held", {
      ...{ unit: "{message}", description: "Messages that wait in place, by what they wait for" },
    });
    const oldest = this.#meter.createObservableGauge("exactly_once.held.oldest", {
      ...{ unit: "s", description: "For how long the message waits that has waited longest" },
    });
    held.addCallback((result) => {
      const byReason = new Map<string, number>();
      for (const { reason } of this.#held.values()) {
        byReason.set(reason, (byReason.get(reason) ?? 0) + 1);
      }
      for (const [reason, count] of byReason) {
        result.observe(count, { ...this.#destination, [names.REASON]: reason });
      }
      if (byReason.size === 0) result.observe(0, this.#destination);
    });
    oldest.addCallback((result) => {
      const now = this.#now();
      const since = [...this.#held.values()].reduce(
        (least, one) => Math.min(least, one.since),
        now,
      );
      result.observe((now - since) / 1_000, this.#destination);
    });
  }
}

function dispositionOf(event: Ending): string {
  switch (event.type) {
    case "done":
      return event.skipped === undefined ? "done" : "skipped";
    case "duplicateSuppressed":
      return "duplicate";
    case "leaseLost":
      return "lost";
    default:
      return event.type;
  }
}

function instrumentsOf(meter: Meter) {
  const counter = (name: string, unit: string, description: string) =>
    meter.createCounter(name, { unit, description });
  const histogram = (name: string, description: string) =>
    meter.createHistogram(name, {
      ...{ unit: "s", description },
      advice: { explicitBucketBoundaries: SECONDS },
    });
  return {
    received: counter("exactly_once.received", "{message}", "Messages received, again included"),
    messages: counter("exactly_once.messages", "{message}", "Turns that ended, by disposition"),
    retries: counter("exactly_once.retries", "{message}", "Messages that go back, by reason"),
    deadLetters: counter("exactly_once.dead_letters", "{message}", "Dead letters, by code"),
    lost: counter("exactly_once.leases.lost", "{lease}", "Leases lost, by reason"),
    sends: counter("exactly_once.sends", "{send}", "Attempts settled, by outcome"),
    suppressed: counter("exactly_once.sends.suppressed", "{send}", "Sends that a receipt spared"),
    duplicates: counter("exactly_once.duplicates", "{send}", "Duplicates proven by two receipts"),
    tripwire: counter("exactly_once.tripwire", "{effect}", "Effects beyond a budget, and copies"),
    faults: counter("exactly_once.faults", "{fault}", "Faults of queue, store and this code"),
    process: histogram(names.MESSAGING_PROCESS_DURATION, "Duration of handlers"),
    duration: histogram("exactly_once.message.duration", "From a message's first claim to done"),
    margin: histogram(
      "exactly_once.lease.margin",
      "Time left when a lease was extended, the least",
    ),
  };
}

function watchHealth(
  meter: Meter,
  destination: Attributes,
  health: () => ConsumerHealth,
): () => void {
  const inFlight = meter.createObservableUpDownCounter("exactly_once.in_flight", {
    ...{ unit: "{message}", description: "Messages here, those that wait included" },
  });
  const running = meter.createObservableUpDownCounter("exactly_once.running", {
    ...{ unit: "{message}", description: "Handlers that run" },
  });
  const ready = meter.createObservableGauge("exactly_once.ready", {
    ...{
      unit: "1",
      description: "1 where the consumer takes messages, and where a pipeline sends",
    },
  });
  const observe: BatchObservableCallback = (result) => {
    const now = health();
    result.observe(inFlight, now.inFlight, destination);
    result.observe(running, now.running, destination);
    result.observe(ready, now.ready ? 1 : 0, destination);
    for (const [pipeline, each] of Object.entries(now.pipelines)) {
      result.observe(ready, each.ready ? 1 : 0, { ...destination, [names.PIPELINE]: pipeline });
    }
  };
  const observed = [inFlight, running, ready];
  meter.addBatchObservableCallback(observe, observed);
  return () => {
    meter.removeBatchObservableCallback(observe, observed);
  };
}

function watchStats(meter: Meter, stats: () => UserCacheStats, now: () => number): () => void {
  const age = meter.createObservableGauge("exactly_once.user_cache.age", {
    ...{ unit: "s", description: "Age of the users that lookups are answered from" },
  });
  const users = meter.createObservableUpDownCounter("exactly_once.user_cache.users", {
    ...{ unit: "{user}", description: "Users walked" },
  });
  const observe: BatchObservableCallback = (result) => {
    const { asOf, users: walked } = stats();
    if (asOf !== undefined) result.observe(age, (now() - asOf) / 1_000);
    result.observe(users, walked);
  };
  meter.addBatchObservableCallback(observe, [age, users]);
  return () => {
    meter.removeBatchObservableCallback(observe, [age, users]);
  };
}
