import { randomUUID } from "node:crypto";
import type { Account, EventKind } from "./account.js";
import { bareAddress } from "./addresses.js";
import type { EventPublisher } from "./event-publisher.js";
import { sesEvent } from "./events.js";
import type { SentEmail } from "./sent-email.js";

/** What happens to an email at one recipient, as the kinds of events it gives, in order. */
export type DeliveryOutcome = (email: SentEmail, recipient: string) => readonly EventKind[];

/** What `GetSendStatistics` says of a quarter of an hour. */
export interface SendDataPoint {
  /** Its start, in milliseconds since the epoch. */
  readonly at: number;
  readonly attempts: number;
  readonly bounces: number;
  readonly complaints: number;
  readonly rejects: number;
}

const quarterHourMs = 15 * 60 * 1_000;
const keptQuarters = 14 * 24 * 4;

/** The documented addresses of SES's mailbox simulator; everybody else's mail is delivered. */
const simulated: Readonly<Record<string, readonly EventKind[]>> = {
  "bounce@simulator.amazonses.com": ["bounce"],
  "suppressionlist@simulator.amazonses.com": ["bounce"],
  "complaint@simulator.amazonses.com": ["delivery", "complaint"],
};

export const simulatorOutcome: DeliveryOutcome = (_, recipient) => {
  // A label after "+" is allowed: bounce+label1@simulator.amazonses.com.
  const address = bareAddress(recipient)
    .toLowerCase()
    .replace(/\+[^@]*@/, "@");
  return simulated[address] ?? ["delivery"];
};

/** A message id as SES forms it: the time in hexadecimal, a UUID, six zeros. */
export const newMessageId = (now: number): string =>
  `0100${now.toString(16).padStart(12, "0")}-${randomUUID()}-000000`;

/** Follows accepted emails to their recipients: events for the topic, counts for the statistics. */
export const createDeliveries = (options: {
  readonly account: Account;
  readonly publisher: EventPublisher;
  readonly outcome: DeliveryOutcome;
  readonly now: () => number;
}) => {
  const { account, publisher, now } = options;
  const quarters = new Map<number, { -readonly [K in keyof SendDataPoint]: SendDataPoint[K] }>();

  const quarter = () => {
    const at = Math.floor(now() / quarterHourMs) * quarterHourMs;
    const point = quarters.get(at) ?? { at, attempts: 0, bounces: 0, complaints: 0, rejects: 0 };
    quarters.set(at, point);
    for (const old of quarters.keys()) {
      if (quarters.size <= keptQuarters) break;
      quarters.delete(old);
    }
    return point;
  };

  const count = (kind: EventKind, recipients: number): void => {
    const point = quarter();
    if (kind === "send") point.attempts += recipients;
    else if (kind === "bounce") point.bounces += recipients;
    else if (kind === "complaint") point.complaints += recipients;
    else if (kind === "reject") point.rejects += recipients;
  };

  /** Publishes an event if the email's configuration set wants it; says whether it does. */
  const publish = (email: SentEmail, kind: EventKind, recipients: readonly string[]): boolean => {
    count(kind, recipients.length);
    if (email.configurationSet === undefined) return false;
    const set = account.configurationSets.get(email.configurationSet);
    if (set?.topicArn === undefined || (set.events && !set.events.includes(kind))) return false;
    const event = sesEvent(kind, email, { recipients, at: now(), accountId: account.accountId });
    publisher.publish(kind, set.topicArn, event);
    return true;
  };

  return {
    publish,
    /** A message at once gives "send"; each recipient then gives what the outcome says. */
    deliver: (email: SentEmail): void => {
      publish(email, "send", email.destinations);
      for (const recipient of email.destinations) {
        for (const kind of options.outcome(email, recipient)) {
          publish(email, kind, [bareAddress(recipient)]);
        }
      }
    },
    statistics: (): readonly SendDataPoint[] => [...quarters.values()],
  };
};

export type Deliveries = ReturnType<typeof createDeliveries>;
