import type { IncomingMessage } from "node:http";
import type { Account } from "./account.js";
import type { SesApiVersion } from "./api-version.js";
import type { SendDataPoint } from "./deliveries.js";
import type { Quota } from "./quota.js";
import type { SesRefusal } from "./ses-refusal.js";
import type { Submission } from "./submission.js";

/** What an action other than sending works on. */
export interface AccountContext {
  readonly account: Account;
  readonly quota: Quota;
  readonly statistics: () => readonly SendDataPoint[];
}

/** One call, read but not judged. */
export interface ReadCall {
  readonly action: string;
  /** For the log, where no email could be read. */
  readonly source: string | undefined;
  /** Of a sending action: the email, or what SES dislikes about it. */
  readonly submission: Submission | SesRefusal | undefined;
  /** Whether there is such an action at all. */
  readonly unknown: SesRefusal | undefined;
  /** Does what another action asks, and answers with the reply's body. */
  readonly carryOut: (context: AccountContext, requestId: string) => string | SesRefusal;
}

/** How one of the APIs is spoken. */
export interface Protocol {
  readonly api: SesApiVersion;
  readonly contentType: string;
  /** Longer bodies are refused unread. */
  readonly maxBodyBytes: number;
  readonly read: (request: IncomingMessage, body: string) => Promise<ReadCall>;
  /** The body that says an email was taken. */
  readonly sent: (action: string, messageId: string, requestId: string) => string;
  readonly refused: (
    refusal: SesRefusal,
    requestId: string,
  ) => {
    readonly status: number;
    readonly body: string;
    readonly headers: Readonly<Record<string, string>>;
  };
}
