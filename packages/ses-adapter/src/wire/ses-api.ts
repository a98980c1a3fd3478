import type { OutgoingEmail } from "../mailer/email.js";

/** The part of a command's middleware stack that is used here; the SDK's own types fit it. */
export interface CommandStack {
  add(middleware: WireMiddleware, options: WirePosition): void;
}

export type WireMiddleware = (next: WireHandler) => WireHandler;

export type WireHandler = (args: WireArguments) => Promise<WireResult>;

export interface WireArguments {
  readonly input: object;
  /** Signed, as it is about to go out. */
  readonly request: unknown;
}

export interface WireResult {
  readonly output: object;
  /** As it came: a status, headers with lower-case names, a body that isn't read yet. */
  readonly response: unknown;
}

/** The innermost place there is: behind signing, retries and whatever the caller put on the client. */
export interface WirePosition {
  readonly step: "deserialize";
  readonly priority: "low";
  readonly name: string;
}

/** What an implementation of `SesApi` is given for one request. */
export interface WireCall {
  /** Puts the checks of this one request on the command. Before it is sent, and once. */
  readonly arm: (stack: object) => void;
  readonly abortSignal: AbortSignal;
}

/** What a client shows of its settings. */
export interface ClientConfig {
  readonly requestHandler: object;
  readonly maxAttempts: () => Promise<number>;
  readonly cacheMiddleware?: boolean | undefined;
}

/** What SES says of the account. Both limits count recipients. */
export interface AccountFacts {
  /** Recipients a second. */
  readonly maxSendRate: number;
  /** Recipients in any 24 hours; -1 is without limit. */
  readonly max24HourSend: number;
  readonly sentLast24Hours: number;
  /** False while SES (or an operator) has stopped all sending; v1 doesn't say here. */
  readonly sendingEnabled: boolean;
}

/** An error that SES itself answered with, by its code without a suffix such as `Exception`. */
export interface SesError {
  readonly code: string;
  readonly message: string;
}

/**
 * All in which SES's two APIs differ for a mailer; everything else is written once.
 *
 * An implementation makes one request per call, by a command that it has armed, and passes on
 * whatever the client throws.
 */
export interface SesApi {
  /** The factory's name, for the texts of errors. */
  readonly caller: string;
  /** The helper that builds a client which never resends. */
  readonly safeClient: string;
  /** The most that one message may have, encoded, attachments included. */
  readonly maxMessageBytes: number;
  /** What the role must be allowed to do. */
  readonly permissions: string;
  /** The call that asks for the account's limits. */
  readonly accountCall: string;
  readonly config: ClientConfig;
  /** SES's id of the email, where the reply has one. */
  sendEmail(email: OutgoingEmail, call: WireCall): Promise<string | undefined>;
  askAccount(call: WireCall): Promise<AccountFacts>;
  /** What SES itself said in an error; `undefined` where it may be somebody else's answer. */
  errorOf(error: unknown): SesError | undefined;
}

/** Texts are compared without the suffix: modelled errors have it in some versions, others never. */
export function codeWithoutSuffix(code: string): string {
  return code.replace(/Exception$/, "");
}
