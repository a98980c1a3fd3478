import { LONGEST_TIMER_MS, optionsOf, systemClock, type Clock } from "@exactly-once/core/ports";
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { connect, type ResolveName, type TlsSettings, type UnsentReason } from "./connect.js";

/** How long each part of a request may take, ms. */
export interface RequestLimits {
  /** Resolving the name, connecting, and the TLS handshake. Default 5,000. */
  readonly connectMs?: number | undefined;
  /** From the first byte of the request to the end of the reply's head. Default 15,000. */
  readonly headersMs?: number | undefined;
  /** From there to the end of the reply. Default 5,000. */
  readonly bodyMs?: number | undefined;
}

/** How requests are made, the same for all of a sender's. */
export interface RequestSettings {
  readonly limits?: RequestLimits | undefined;
  /** Of a longer reply the rest is not read. Default 65,536. */
  readonly maxReplyBytes?: number | undefined;
  /**
   * Lets requests go to loopback, link-local, private and reserved addresses. Default false: whoever
   * may name a URL could otherwise reach what is only within reach of this process.
   */
  readonly allowPrivateAddresses?: boolean | undefined;
  readonly tls?: TlsSettings | undefined;
  readonly resolveName?: ResolveName | undefined;
  /** Default the system's. */
  readonly clock?: Clock | undefined;
}

/** One request. */
export interface RequestToMake {
  readonly url: URL;
  readonly method: "GET" | "POST";
  /** Ends the connecting. What is written already is waited for. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Called once the connection stands, right before the first byte is written: signs the request, so
   * that the signature is as young as it can be, or refuses it, with a word for why.
   */
  make():
    | { readonly headers: Readonly<Record<string, string>>; readonly body?: string }
    | { readonly refuse: string };
}

/** All that is known of a request afterwards. */
export type Exchange =
  /** Nothing of it was written: it can't have been processed, now or later. */
  | { readonly kind: "unsent"; readonly reason: string }
  /** It was written, at least in part, and nobody said what became of it. */
  | { readonly kind: "silent"; readonly reason: "connectionLost" | "timedOut" | "unreadableReply" }
  | {
      readonly kind: "answered";
      readonly status: number;
      readonly headers: IncomingHttpHeaders;
      /** `undefined` where it isn't whole: cut off, too long or too slow. */
      readonly body: string | undefined;
    };

/** Makes requests, each by itself. */
export interface RequestMaker {
  /** Makes one request at most. Never rejects for what happens on the way. */
  request(toMake: RequestToMake): Promise<Exchange>;
  /** The longest that a request takes, ms. */
  readonly longestMs: number;
  /** The longest until `make` is called, ms. */
  readonly connectMs: number;
}

const second = { from: 1, to: LONGEST_TIMER_MS };

/**
 * Makes HTTP requests for senders: each on a connection of its own, at most once, and with all that is
 * known of it afterwards.
 *
 * Nothing repeats a request, follows a redirect or keeps a connection: one that idled is closed by the
 * far end just when it is used again, and then nobody knows whether the request was read. Nothing is
 * written before the connection stands, certificate and all, so that every failure until then is proof
 * that nothing was sent.
 *
 * @param caller the name of the call whose settings these are, for error texts
 * @throws ConfigurationError for settings out of range
 */
export function requestMaker(caller: string, settings: RequestSettings = {}): RequestMaker {
  const check = optionsOf(caller);
  const { limits = {}, allowPrivateAddresses = false, tls, resolveName } = settings;
  const clock = settings.clock ?? systemClock();
  const connectMs = check.ms("limits.connectMs", limits.connectMs ?? 5_000, second);
  const headersMs = check.ms("limits.headersMs", limits.headersMs ?? 15_000, second);
  const bodyMs = check.ms("limits.bodyMs", limits.bodyMs ?? 5_000, second);
  const bytes = settings.maxReplyBytes ?? 65_536;
  const maxReplyBytes = check.integer("maxReplyBytes", bytes, { from: 1, to: 100_000_000 });
  return {
    connectMs,
    longestMs: connectMs + headersMs + bodyMs,
    async request({ url, method, signal, make }) {
      const connected = await connect({
        ...{ clock, url, connectMs, allowPrivateAddresses, tls, resolveName, signal },
      });
      if (connected.kind === "unsent") return connected;
      const { socket } = connected;
      try {
        if (signal?.aborted) return { kind: "unsent", reason: "aborted" satisfies UnsentReason };
        const made = make();
        if ("refuse" in made) return { kind: "unsent", reason: made.refuse };
        const written = { ...made, socket, url, method };
        return await exchange(written, { clock, headersMs, bodyMs, maxReplyBytes });
      } finally {
        socket.destroy();
      }
    },
  };
}

interface Written {
  readonly socket: Socket;
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

interface ExchangeLimits {
  readonly clock: Clock;
  readonly headersMs: number;
  readonly bodyMs: number;
  readonly maxReplyBytes: number;
}

async function exchange(written: Written, limits: ExchangeLimits): Promise<Exchange> {
  const { socket, url, method, headers, body } = written;
  const { clock, headersMs, bodyMs, maxReplyBytes } = limits;
  const head = new Promise<IncomingMessage | "connectionLost" | "unreadableReply">((resolve) => {
    const sending = httpRequest({
      ...{ method, path: `${url.pathname}${url.search}`, setHost: false },
      headers: { host: url.host, ...headers },
      // Connected already; without an agent, nobody else uses it, before or after.
      createConnection: () => socket,
    });
    sending.on("response", resolve);
    sending.on("error", (error: NodeJS.ErrnoException) =>
      resolve(error.code?.startsWith("HPE_") ? "unreadableReply" : "connectionLost"),
    );
    sending.on("close", () => resolve("connectionLost"));
    sending.end(body);
  });
  const reply = await within(clock, headersMs, head);
  if (reply === undefined) return { kind: "silent", reason: "timedOut" };
  if (typeof reply === "string") return { kind: "silent", reason: reply };
  const text = await within(clock, bodyMs, readBody(reply, maxReplyBytes));
  return { kind: "answered", status: reply.statusCode ?? 0, headers: reply.headers, body: text };
}

/** The body, or `undefined` where it isn't whole or has more bytes than it may. */
function readBody(reply: IncomingMessage, maxBytes: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    reply.on("data", (chunk: Buffer) => {
      bytes += chunk.byteLength;
      if (bytes > maxBytes) reply.destroy();
      else chunks.push(chunk);
    });
    reply.on("error", () => resolve(undefined));
    reply.on("close", () =>
      resolve(reply.complete && bytes <= maxBytes ? Buffer.concat(chunks).toString() : undefined),
    );
  });
}

/** What becomes of `work` within so many ms, or `undefined`. */
async function within<Value>(
  clock: Clock,
  ms: number,
  work: Promise<Value>,
): Promise<Value | undefined> {
  const ended = new AbortController();
  try {
    return await Promise.race([work, clock.sleep(ms, ended.signal).then(() => undefined)]);
  } finally {
    ended.abort();
  }
}
