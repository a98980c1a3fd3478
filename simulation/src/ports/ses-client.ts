import type { SESClient, SendRawEmailCommand } from "@aws-sdk/client-ses";
import { parseAttemptId } from "@exactly-once/core/ports";
import { emailTags } from "@exactly-once/ses-adapter";
import { EPOCH, type Life } from "../kernel/host.js";
import { ServiceFault, type Service, type Wire } from "../kernel/network.js";
import type { SesReply, SesRequest, SesWorld } from "../worlds/ses.js";

/** The part of a command that a client is made to run: its middleware stack is the SDK's own. */
interface Command {
  readonly input: object;
  readonly middlewareStack: {
    resolve(
      handler: (args: WireArguments) => Promise<WireResult>,
      context: object,
    ): (args: WireArguments) => Promise<WireResult>;
  };
}

interface WireArguments {
  readonly input: object;
  readonly request: object;
}

interface WireResult {
  readonly output: object;
  readonly response: HttpReply;
}

interface HttpReply {
  readonly statusCode: number;
  /** With lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: object;
  /** The error that the SDK makes of it. */
  readonly error?: Error;
}

export interface SimulatedSesClientOptions {
  readonly life: Life;
  readonly wires: SesWires;
  readonly world: SesWorld;
  /** Where the process may stand still before it signs an email. */
  readonly pausePoint: (life: Life) => Promise<void>;
  /** The request passed the mailer's last check: nothing keeps it back any more. */
  readonly onWritten: (attemptId: string) => void;
}

/** The wires of one host to SES; they outlive its crashes. */
export interface SesWires {
  readonly send: Wire;
  readonly account: Wire;
}

export function sesWires(host: string, service: Service): SesWires {
  return { send: service.wire(host, "send"), account: service.wire(host, "account") };
}

/**
 * A client of SES's first API on a simulated wire, as far as a mailer sees of one: it runs the command's
 * own middleware on a request that is signed by the process's wall clock, once, and makes of the reply
 * what the SDK does.
 */
export function simulatedSesClient(options: SimulatedSesClientOptions): SESClient {
  const { life, wires, world } = options;

  /** @param at SES's time when it answered, ms from virtual 0 */
  function reply(answer: SesReply, at: number): HttpReply {
    const headers = { date: new Date(EPOCH + at).toUTCString() };
    if (answer.status === "accepted") {
      return { statusCode: 200, headers, body: { MessageId: answer.messageId } };
    }
    if (answer.status === "garbled") return { statusCode: 200, headers, body: {} };
    const { code, text, statusCode = 400 } = REFUSALS[answer.reason];
    return { statusCode, headers, error: sesError(code, text) };
  }

  async function mail(input: SendRawEmailCommand["input"], signedAt: number): Promise<HttpReply> {
    const request = requestOf(input, signedAt);
    options.onWritten(request.attemptId);
    return wires.send.call(
      life,
      () => reply(world.send(request), world.now()),
      ({ body, error, statusCode }) =>
        String(Object.values(body ?? {})[0] ?? error?.name ?? statusCode),
    );
  }

  const account = (): Promise<HttpReply> =>
    wires.account.call(
      life,
      (): HttpReply => ({
        statusCode: 200,
        headers: { date: new Date(EPOCH + world.now()).toUTCString() },
        body: QUOTA,
      }),
      () => "quota",
    );

  async function send(command: Command): Promise<object> {
    const { input } = command;
    const isMail = "RawMessage" in input;
    if (isMail) await options.pausePoint(life);
    const date = amzDate(life.clock.now());
    const signedAt = Math.floor(life.clock.now() / 1_000) * 1_000 - EPOCH;
    const answer = command.middlewareStack.resolve(async () => {
      const response = await over(() =>
        isMail ? mail(input as SendRawEmailCommand["input"], signedAt) : account(),
      );
      return { output: {}, response };
    }, {});
    const { response } = await answer({ input, request: { headers: signature(date) } });
    if (response.error) throw response.error;
    return response.body ?? {};
  }

  const handlerConfigs = {
    ...{ connectionTimeout: 1_000, requestTimeout: 2_000, socketTimeout: 2_000 },
    throwOnRequestTimeout: true,
  };
  const config = {
    maxAttempts: async () => 1,
    requestHandler: { httpHandlerConfigs: () => handlerConfigs },
  };
  return { config, send } as unknown as SESClient;
}

/** What SES answers, by its API Reference ("Common Errors") and as `refusal.test.ts` pins it. */
const REFUSALS: Readonly<
  Record<
    Extract<SesReply, { readonly status: "refused" }>["reason"],
    { readonly code: string; readonly text: string; readonly statusCode?: number }
  >
> = {
  stale: {
    ...{ code: "SignatureDoesNotMatch", statusCode: 403 },
    text: "Signature expired: 20260101T000000Z is now earlier than 20260101T001500Z",
  },
  throttled: { code: "Throttling", text: "Maximum sending rate exceeded." },
  accountPaused: { code: "MessageRejected", text: "Sending paused for this account." },
  rejected: { code: "MessageRejected", text: "Email was refused." },
  virus: { code: "MessageRejected", text: "Bad content: the email has a virus." },
};

const QUOTA = { MaxSendRate: 14, Max24HourSend: 50_000, SentLast24Hours: 0 };

/** A call that ended without SES's answer, as the SDK's HTTP handler ends it. */
async function over(call: () => Promise<HttpReply>): Promise<HttpReply> {
  try {
    return await call();
  } catch (error) {
    const kind = error instanceof ServiceFault ? error.kind : "reset";
    switch (kind) {
      case "refused":
        throw Object.assign(new Error("connect"), { code: "ECONNREFUSED", syscall: "connect" });
      case "timeout":
        throw Object.assign(new Error("socket idle"), { name: "TimeoutError" });
      case "reset":
        throw Object.assign(new Error("reset"), { name: "TimeoutError", code: "ECONNRESET" });
      case "serverError":
        return { statusCode: 503, headers: {}, error: new Error("Service Unavailable") };
    }
  }
}

function sesError(code: string, text: string): Error {
  return Object.assign(new Error(text), { name: code, Code: code });
}

function requestOf(input: SendRawEmailCommand["input"], signedAt: number): SesRequest {
  const tags = new Map(input.Tags?.map(({ Name, Value }) => [Name, Value]));
  const attemptId = tags.get(emailTags.attempt) ?? "";
  const { key = "", effect = "" } = parseAttemptId(attemptId) ?? {};
  return {
    ...{ attemptId, effectId: `${key}-${effect}`, signedAt },
    namespace: tags.get(emailTags.namespace) ?? "",
    recipient: input.Destinations?.[0] ?? "",
    contentDigest: tags.get(emailTags.content) ?? "",
  };
}

function amzDate(at: number): string {
  return new Date(at).toISOString().replaceAll(/[-:]|\.\d+/g, "");
}

function signature(date: string): Readonly<Record<string, string>> {
  return {
    authorization: "AWS4-HMAC-SHA256 SignedHeaders=host;x-amz-date, Signature=simulated",
    "x-amz-date": date,
  };
}
