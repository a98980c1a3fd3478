import { NotSentError } from "@exactly-once/core/ports";
import type { GetSendQuotaCommand, SendRawEmailCommand } from "@aws-sdk/client-ses";
import { SecondRequestError } from "../errors/second-request-error.js";

/** What is known about the one request of a command, whatever error the client ends with. */
export interface OneShot {
  /** Whether the request was handed to the HTTP handler. While false, nothing was sent. */
  readonly written: boolean;
  /** Why the gate refused, where it did. */
  readonly refusedBecause: string | undefined;
  /** Of the reply, where one came. */
  readonly status: number | undefined;
  /**
   * Rejects once it is over whatever the client still does: with `SecondRequestError` when it tries
   * again, with `NotSentError` when the gate refuses. To be raced with the client's own promise,
   * which may never settle then.
   */
  readonly stopped: Promise<never>;
}

export interface OneShotOptions {
  /** Asked once the request is signed, with the signature's own date; a word refuses. */
  readonly gate: (signedAt: number | undefined) => string | undefined;
  readonly onReply: (headers: Readonly<Record<string, string>>) => void;
}

/**
 * Lets one request of `command` out, and none that the gate refuses.
 *
 * The middleware is the innermost of all: a request passes it signed, and nothing that the caller
 * put on the client, a retry strategy of any kind included, comes between it and the HTTP handler.
 * Being of the command, it finds its attempt without a look-up.
 */
export function armOneShot(
  command: SendRawEmailCommand | GetSendQuotaCommand,
  { gate, onReply }: OneShotOptions,
): OneShot {
  const shot: { -readonly [Key in keyof OneShot]: OneShot[Key] } = {
    written: false,
    refusedBecause: undefined,
    status: undefined,
    stopped: undefined as never,
  };
  let stopClient: (error: unknown) => void = () => undefined;
  shot.stopped = new Promise((_, reject) => (stopClient = reject));
  // Most commands never come to a second request, and some callers don't wait for one.
  shot.stopped.catch(() => undefined);
  // The middleware looks at neither input nor output, which is all the stacks' types differ in.
  const stack = command.middlewareStack as SendRawEmailCommand["middlewareStack"];
  stack.add(
    (next) => async (args) => {
      if (shot.written) {
        stopClient(
          new SecondRequestError(
            "The SES client tried to send an email a second time and was stopped: build it with safeSesClient().",
          ),
        );
        // An error would only tempt a stubborn strategy again, perhaps without end.
        return new Promise<never>(() => undefined);
      }
      shot.refusedBecause ??= gate(signatureDate(args.request));
      if (shot.refusedBecause !== undefined) {
        const refused = new NotSentError(`The request was not sent: ${shot.refusedBecause}.`);
        stopClient(refused);
        throw refused;
      }
      shot.written = true;
      const result = await next(args);
      const { statusCode, headers } = result.response as HttpReply;
      shot.status = statusCode;
      onReply(headers ?? {});
      return result;
    },
    { step: "deserialize", priority: "low", name: "exactlyOnceOneShot" },
  );
  return shot;
}

interface HttpReply {
  readonly statusCode?: number;
  /** With lower-case names. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** The date a signature vouches for, ms since the epoch; it is what SES judges the age by. */
function signatureDate(request: unknown): number | undefined {
  const { headers = {} } = request as HttpReply;
  if (!/(?:^|[;=])x-amz-date[;,]/i.test(valueOf(headers, "authorization"))) return undefined;
  const [, ...parts] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(valueOf(headers, "x-amz-date")) ?? [];
  if (parts.length !== 6) return undefined;
  const [year = 0, month = 0, ...rest] = parts.map(Number);
  return Date.UTC(year, month - 1, ...rest);
}

function valueOf(headers: Readonly<Record<string, string>>, name: string): string {
  const found = Object.keys(headers).find((key) => key.toLowerCase() === name);
  return found === undefined ? "" : (headers[found] ?? "");
}
