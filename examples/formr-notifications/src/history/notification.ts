import {
  deliveryStates,
  type Cause,
  type DeliveryState,
  type HistoryFact,
} from "./history-fact.js";
import type { NotificationFields } from "./notification-fields.js";

type FactOf<Type extends HistoryFact["type"]> = Omit<
  Extract<HistoryFact, { readonly type: Type }>,
  "key" | "type"
>;

/** An email of a notification. More than one means a proven duplicate. */
export interface SentEmail {
  readonly messageId: string | null;
  readonly sentAt: number;
  /** Who said that it was sent: SES's reply, its event, an operator; `simulated` went to nobody. */
  readonly via: FactOf<"sent">["via"];
  readonly attemptId?: string;
  readonly content?: string;
  /** The most telling of what SES said later. */
  readonly delivery?: {
    readonly state: DeliveryState;
    readonly at: number;
    readonly bounceType?: string;
  };
}

/** What became of one notification. Times are ms since the epoch. */
export interface Notification extends Cause {
  /** The key's digest, as in the log. */
  readonly key: string;
  /** When its message was first looked at. */
  readonly at: number;
  /** `done` without an email: ended by an operator, or the fact of the email was lost. */
  readonly state: "pending" | "held" | "sent" | "simulated" | "deadLettered" | "done";
  readonly emails: readonly SentEmail[];
  /** Deliveries of the message that would have sent it once more. */
  readonly suppressed?: { readonly times: number; readonly lastAt: number };
  /** The last time that it was set aside, also where it went on since. */
  readonly held?: FactOf<"held">;
  readonly deadLettered?: FactOf<"deadLettered">;
}

/** What the fields say; `undefined` where it isn't known (yet) whom they are about. */
export function notificationOf(key: string, fields: NotificationFields): Notification | undefined {
  const seen = read<FactOf<"seen">>(fields, "seen");
  if (seen === undefined) return undefined;
  const emails = emailsOf(fields);
  const suppressed = read<FactOf<"suppressed">>(fields, "suppressed");
  const held = read<FactOf<"held">>(fields, "held");
  const deadLettered = read<FactOf<"deadLettered">>(fields, "deadLettered");
  const done = read<FactOf<"done">>(fields, "done");
  return {
    ...{ key, at: seen.at, ...seen.cause, emails },
    state: sentState(emails) ?? latest({ held, deadLettered, done }) ?? "pending",
    ...(suppressed === undefined
      ? {}
      : { suppressed: { times: Number(fields["suppressions"] ?? 1), lastAt: suppressed.at } }),
    ...(held === undefined ? {} : { held }),
    ...(deadLettered === undefined ? {} : { deadLettered }),
  };
}

function sentState(emails: readonly SentEmail[]): "sent" | "simulated" | undefined {
  if (emails.length === 0) return undefined;
  return emails.every(({ via }) => via === "simulated") ? "simulated" : "sent";
}

function latest<Name extends string>(
  facts: Readonly<Record<Name, { readonly at: number } | undefined>>,
): Name | undefined {
  const known = Object.entries(facts) as [Name, { readonly at: number } | undefined][];
  return known
    .flatMap(([name, fact]) => (fact === undefined ? [] : [{ name, at: fact.at }]))
    .sort((a, b) => b.at - a.at)[0]?.name;
}

/** By provider, since several may tell of one email and each knows something else. */
function emailsOf(fields: NotificationFields): readonly SentEmail[] {
  const byId = new Map<string | null, SentEmail>();
  for (const [name, value] of Object.entries(fields).sort()) {
    if (!name.startsWith("sent:")) continue;
    const { at, messageId, ...told } = JSON.parse(value) as FactOf<"sent">;
    byId.set(messageId, { ...byId.get(messageId), messageId, sentAt: at, ...told });
  }
  // An operator's word without an id is about the email whose id came to light later.
  if (byId.size > 1) byId.delete(null);
  return [...byId.values()].map((email) => {
    const delivery = email.messageId === null ? undefined : deliveryOf(fields, email.messageId);
    return delivery === undefined ? email : { ...email, delivery };
  });
}

function deliveryOf(fields: NotificationFields, messageId: string): SentEmail["delivery"] {
  const told = deliveryStates.flatMap((state) => {
    const fact = read<FactOf<"delivery">>(fields, `delivery:${state}:${messageId}`);
    return fact === undefined ? [] : [fact];
  });
  const delivered = told.find(({ state }) => state === "Delivery");
  const [most] = told;
  // After a delivery this is an answering machine, not a mailbox that can't be reached.
  const best =
    most?.state === "Bounce" && most.bounceType === "Transient" ? (delivered ?? most) : most;
  if (best === undefined) return undefined;
  const { state, at, bounceType } = best;
  return { state, at, ...(bounceType === undefined ? {} : { bounceType }) };
}

function read<Fact>(fields: NotificationFields, name: string): Fact | undefined {
  const text = fields[name];
  return text === undefined ? undefined : (JSON.parse(text) as Fact);
}
