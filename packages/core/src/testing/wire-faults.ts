import type { Outcome } from "../ports/index.js";
import { httpAnswer, type FaultyServerOptions } from "./faulty-server.js";

/** A provider's own answers, whole, as they stand on the wire. */
export interface WireAnswers {
  /** An acceptance; its body has at least 20 bytes where the sender reads it. */
  readonly accepted: string;
  /** A refusal that proves that nothing was sent. */
  readonly refused: string;
}

/** What goes wrong on the wire, and what may be said of it. */
export interface WireFaultCase {
  readonly server: FaultyServerOptions;
  /** What a sender is to say unless its table says otherwise. */
  readonly told: Outcome["status"];
  /** Why nothing else is known. */
  readonly because: string;
  /** Nothing ends the call but the sender's own limit. */
  readonly stalls?: "afterRequest" | "inHandshake";
  /** The request goes to the same port by `https`. */
  readonly tls?: true;
}

/** Names one case of `wireFaultCases`. */
export type WireFault = keyof ReturnType<typeof wireFaultCases>;

const page = "<!doctype html><p>Please sign in.</p></html>";
const html = { "content-type": "text/html" };
const elsewhere = { location: "http://127.0.0.1:1/" };

const answering = (bytes: string): FaultyServerOptions => ({
  onRequest: ({ socket }) => void socket.write(bytes),
});

/** An acceptance that states a longer body than it has. */
const shortened = (accepted: string): string => accepted.slice(0, -5);

/** The faults of an HTTP exchange, by name; DESIGN's rule for each: `rejected` only where it is proven. */
export function wireFaultCases({ accepted, refused }: WireAnswers) {
  const head = accepted.slice(0, accepted.indexOf("\r\n\r\n") + 4);
  const [statusLine = ""] = accepted.split("\r\n", 1);
  const status = statusLine.replace("HTTP/1.1 ", "");
  const unreadable = "what stands in the reply isn't whole";
  const lost = "the request was written, and no answer came";
  return {
    resetBeforeBody: {
      server: {
        onHead: ({ socket }) => {
          socket.resetAndDestroy();
          return true;
        },
      },
      told: "unknown",
      because: lost,
    },
    resetAfterBody: {
      server: { onRequest: ({ socket }) => void socket.resetAndDestroy() },
      told: "unknown",
      because: lost,
    },
    endAfterBody: {
      server: { onRequest: ({ socket }) => void socket.end() },
      told: "unknown",
      because: lost,
    },
    truncatedReply: {
      server: { onRequest: ({ socket }) => void socket.end(shortened(accepted)) },
      told: "unknown",
      because: unreadable,
    },
    resetWithinReply: {
      server: {
        onRequest: ({ socket }) =>
          void socket.write(shortened(accepted), () => socket.resetAndDestroy()),
      },
      told: "unknown",
      because: unreadable,
    },
    emptyAcceptance: {
      server: answering(httpAnswer(status, "")),
      told: "unknown",
      because: "a success without a receipt proves nothing",
    },
    pageAsAcceptance: {
      server: answering(httpAnswer("200 OK", page, html)),
      told: "unknown",
      because: "a page is an intermediary's, not the provider's acceptance",
    },
    pageAsRefusal: {
      server: answering(httpAnswer("403 Forbidden", page, html)),
      told: "unknown",
      because: "an intermediary's refusal says nothing of what the provider did before it",
    },
    emptyNotFound: {
      server: answering(httpAnswer("404 Not Found", "")),
      told: "unknown",
      because: "it doesn't bear the provider's error, so it may be anybody's",
    },
    redirect: {
      server: answering(httpAnswer("302 Found", "", elsewhere)),
      told: "unknown",
      because: "a redirect may follow a request that was processed, and isn't followed",
    },
    redirectForGood: {
      server: answering(httpAnswer("308 Permanent Redirect", "", elsewhere)),
      told: "unknown",
      because: "a redirect may follow a request that was processed, and isn't followed",
    },
    serverError: {
      server: answering(httpAnswer("500 Internal Server Error", "{}")),
      told: "unknown",
      because: "a provider may fail after it took the request",
    },
    unavailablePage: {
      server: answering(httpAnswer("503 Service Unavailable", page, html)),
      told: "unknown",
      because: "whoever answers for the provider doesn't know what it did",
    },
    noHttp: {
      server: answering("SSH-2.0-server\r\n\r\n"),
      told: "unknown",
      because: "what answers can't be understood, and the request was written",
    },
    refusal: {
      server: answering(refused),
      told: "rejected",
      because: "the provider's own refusal proves that nothing was sent",
    },
    silence: {
      server: { onRequest: () => undefined },
      told: "unknown",
      because: lost,
      stalls: "afterRequest",
    },
    stalledHead: {
      server: answering(`${statusLine}\r\nx`),
      told: "unknown",
      because: unreadable,
      stalls: "afterRequest",
    },
    stalledReply: {
      server: answering(head.replace(/content-length: \d+/i, "content-length: 5000")),
      told: "unknown",
      because: unreadable,
      stalls: "afterRequest",
    },
    endlessReply: {
      server: {
        onRequest: ({ socket }) => {
          const chunk = Buffer.alloc(64 * 1_024, 32);
          socket.write(head.replace(/content-length: \d+/i, "content-length: 10000000000"));
          const feed = (): void => {
            while (!socket.destroyed && socket.write(chunk));
          };
          socket.on("drain", feed);
          feed();
        },
      },
      told: "unknown",
      because: unreadable,
    },
    noTls: {
      server: {
        onBytes: (socket) => {
          socket.end(httpAnswer("400 Bad Request", ""));
          return true;
        },
      },
      told: "rejected",
      because: "no byte of the request goes out before the handshake is over",
      tls: true,
    },
    endWithinHandshake: {
      server: {
        onBytes: (socket) => {
          socket.destroy();
          return true;
        },
      },
      told: "rejected",
      because: "no byte of the request goes out before the handshake is over",
      tls: true,
    },
    stalledHandshake: {
      server: { onBytes: () => true },
      told: "rejected",
      because: "no byte of the request goes out before the handshake is over",
      tls: true,
      stalls: "inHandshake",
    },
  } as const satisfies Record<string, WireFaultCase>;
}
