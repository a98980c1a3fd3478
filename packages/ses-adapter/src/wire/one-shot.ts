import { NotSentError } from "@exactly-once/core/ports";
import { SecondRequestError } from "../errors/second-request-error.js";
import { limitBody } from "./reply-limit.js";
import type { CommandStack, WireHandler } from "./ses-api.js";

/**
 * What is known about the one request of a command, whatever error its client ends with.
 *
 * - `armed`: nothing has gone out. A request that comes is judged by the gate, and becomes
 * - `refused`, with the gate's word: nothing goes out any more; or
 * - `written`: handed to the HTTP handler. From here on SES may have it.
 * - `answered`: the head of a reply came, with this status.
 *
 * A second request finds it refused, written or answered, and is never let through. Who gives the
 * call up while it is armed makes it refused.
 */
export type Shot =
  | { readonly phase: "armed" }
  | { readonly phase: "refused"; readonly because: string }
  | { readonly phase: "written" }
  | { readonly phase: "answered"; readonly status: number | undefined };

export interface OneShotOptions {
  /** Asked once the request is signed, with the signature's own date; a word refuses. */
  readonly gate: (signedAt: number | undefined) => string | undefined;
  /** Gets the headers of a reply, with lower-case names. */
  readonly onReply: (headers: Readonly<Record<string, string>>) => void;
}

/**
 * Lets one request of a command out, and none that the gate refuses.
 *
 * Its middleware is the innermost of all: a request passes it signed, and nothing that the caller
 * put on the client, a retry strategy of any kind included, comes between it and the HTTP handler.
 */
export class OneShot {
  readonly #options: OneShotOptions;
  #shot: Shot = { phase: "armed" };
  #stopClient: (error: unknown) => void = () => undefined;
  /**
   * Rejects once it is over whatever the client still does: with `SecondRequestError` when it tries
   * again, with `NotSentError` when the gate refuses. To be raced with the client's own promise,
   * which may never settle then.
   */
  readonly stopped: Promise<never>;

  constructor(options: OneShotOptions) {
    this.#options = options;
    this.stopped = new Promise((_, reject) => (this.#stopClient = reject));
    // Most commands never come to a second request, and some callers don't wait for one.
    this.stopped.catch(() => undefined);
  }

  get shot(): Shot {
    return this.#shot;
  }

  /** Of the command, so that it finds its attempt without a look-up. */
  arm(stack: object): void {
    (stack as CommandStack).add((next) => (args) => this.#pass(next, args), {
      ...{ step: "deserialize", priority: "low", name: "exactlyOnceOneShot" },
    });
  }

  /** Nobody waits any more: what isn't written yet stays back. */
  giveUp(): void {
    if (this.#shot.phase === "armed") this.#shot = { phase: "refused", because: "givenUp" };
  }

  async #pass(next: WireHandler, args: Parameters<WireHandler>[0]): ReturnType<WireHandler> {
    if (this.#shot.phase === "written" || this.#shot.phase === "answered") return this.#stop();
    if (this.#shot.phase === "armed") {
      const because = this.#options.gate(signatureDate(args.request));
      this.#shot = because === undefined ? { phase: "written" } : { phase: "refused", because };
    }
    if (this.#shot.phase === "refused") throw this.#refuse(this.#shot.because);
    const result = await next(args);
    const response = result.response as HttpReply;
    this.#shot = { phase: "answered", status: response.statusCode };
    this.#options.onReply(response.headers ?? {});
    response.body = limitBody(response.body);
    return result;
  }

  #stop(): Promise<never> {
    this.#stopClient(
      new SecondRequestError(
        "The SES client tried to send an email a second time and was stopped: build it with safeSesClient() or safeSesV2Client().",
      ),
    );
    // An error would only tempt a stubborn strategy again, perhaps without end.
    return new Promise<never>(() => undefined);
  }

  #refuse(because: string): NotSentError {
    const refused = new NotSentError(`The request was not sent: ${because}.`);
    this.#stopClient(refused);
    return refused;
  }
}

interface HttpReply {
  readonly statusCode?: number;
  /** With lower-case names. */
  readonly headers?: Readonly<Record<string, string>>;
  body?: unknown;
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
