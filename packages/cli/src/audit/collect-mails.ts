import type { SentMail, Trace } from "./sent-mail.js";

/** Gathers traces, of which there are several for one email, into the emails that were sent. */
export interface MailCollection {
  add(trace: Trace): void;
  /** Those accepted, each with only the recipients it may have reached. */
  mails(): Iterable<SentMail>;
  /** Emails refused or never sent. */
  readonly notSent: number;
  /** Recipients whom an email didn't reach. */
  readonly undelivered: number;
}

interface Entry {
  mail: SentMail | undefined;
  notSent: boolean;
  readonly bounced: Set<string>;
  readonly delivered: Set<string>;
}

export function collectMails(): MailCollection {
  const byId = new Map<string, Entry>();
  const withoutId: SentMail[] = [];
  let notSentWithoutId = 0;

  function entryOf(id: string): Entry {
    const known = byId.get(id);
    if (known) return known;
    const entry: Entry = {
      mail: undefined,
      notSent: false,
      bounced: new Set(),
      delivered: new Set(),
    };
    byId.set(id, entry);
    return entry;
  }

  function* reached(entry: Entry): Generator<SentMail, void, undefined> {
    const { mail, bounced, delivered } = entry;
    if (!mail || entry.notSent) return;
    if (bounced.size === 0) yield mail;
    else {
      // Delivered to the mailbox and bounced by its owner's rules later: it was there.
      const recipients = mail.recipients.filter((one) => !bounced.has(one) || delivered.has(one));
      if (recipients.length > 0) yield { ...mail, recipients };
    }
  }

  return {
    add: (trace) => {
      if (trace.messageId === undefined) {
        if (trace.kind === "sent") withoutId.push(trace.mail);
        else notSentWithoutId += 1;
        return;
      }
      const entry = entryOf(trace.messageId);
      switch (trace.kind) {
        case "sent":
          entry.mail = better(entry.mail, trace.mail);
          break;
        case "notSent":
          entry.notSent = true;
          break;
        case "undelivered":
          entry.mail = better(entry.mail, trace.mail);
          for (const one of trace.recipients) entry.bounced.add(one);
          break;
        case "delivered":
          entry.mail = better(entry.mail, trace.mail);
          for (const one of trace.recipients) entry.delivered.add(one);
          break;
      }
    },
    *mails() {
      yield* withoutId;
      for (const entry of byId.values()) yield* reached(entry);
    },
    get notSent() {
      let count = notSentWithoutId;
      for (const entry of byId.values()) if (entry.notSent) count += 1;
      return count;
    },
    get undelivered() {
      let count = 0;
      for (const entry of byId.values()) {
        for (const one of entry.bounced) if (!entry.delivered.has(one)) count += 1;
      }
      return count;
    },
  };
}

/** Feedback notifications bear no headers, so that the same email may be known better from another. */
function better(known: SentMail | undefined, told: SentMail): SentMail {
  return known && (known.notification !== undefined || known.subject !== "") ? known : told;
}
