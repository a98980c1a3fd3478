import { randomUUID } from "node:crypto";

/** A notification that the local Notify took. */
export interface SentNotification {
  readonly id: string;
  readonly reference: string | null;
  readonly type: "email" | "sms";
  /** Address or phone number. */
  readonly to: string;
  readonly templateId: string;
  readonly personalisation: Readonly<Record<string, unknown>>;
  readonly subject: string | undefined;
  readonly body: string;
  /** By the server's clock, ms since the epoch. */
  readonly createdAt: number;
  /** Last of what a callback said of it. */
  readonly status:
    "created" | "delivered" | "permanent-failure" | "temporary-failure" | "technical-failure";
}

/** What can become of a notification, as Notify tells it. */
export type DeliveryStatus = Exclude<SentNotification["status"], "created">;

interface Kept {
  notification: SentNotification;
  /** No listing has it. */
  readonly omitted: boolean;
}

/** The fields of a request to send that was checked. */
export type NewNotification = Pick<
  SentNotification,
  "reference" | "type" | "to" | "templateId" | "personalisation" | "subject" | "body" | "createdAt"
>;

/** The notifications that were taken, newest last. */
export class Mailbox {
  readonly #kept: Kept[] = [];

  add(fields: NewNotification, omitted: boolean): SentNotification {
    const notification: SentNotification = { ...fields, id: randomUUID(), status: "created" };
    this.#kept.push({ notification, omitted });
    return notification;
  }

  all(): readonly SentNotification[] {
    return this.#kept.map(({ notification }) => notification);
  }

  /** What a listing has, newest first: of these times, ms since the epoch. */
  listed(from: number, until: number): readonly SentNotification[] {
    return this.#kept
      .filter(({ omitted }) => !omitted)
      .map(({ notification }) => notification)
      .filter(({ createdAt }) => createdAt > from && createdAt <= until)
      .reverse();
  }

  /** Notes what became of one; `undefined` where there is none of this id. */
  deliver(id: string, status: DeliveryStatus): SentNotification | undefined {
    const kept = this.#kept.find(({ notification }) => notification.id === id);
    if (kept) kept.notification = { ...kept.notification, status };
    return kept?.notification;
  }
}
