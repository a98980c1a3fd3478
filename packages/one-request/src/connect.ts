import type { Clock } from "@exactly-once/core/ports";
import { lookup as resolveName, type LookupAddress, type LookupOptions } from "node:dns";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { isPrivateAddress } from "./private-addresses.js";

/** Certificates of one's own, as `tls.connect` takes them. */
export interface TlsSettings {
  /** Certificates to trust instead of Node's. */
  readonly ca?: string | readonly string[] | undefined;
  /** This side's own certificate and key, where the other side asks for one. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** The resolver of names; default Node's own. */
export type ResolveName = (
  host: string,
  options: { readonly all: true },
  done: (error: Error | null, addresses: readonly LookupAddress[]) => void,
) => void;

export interface ConnectOptions {
  readonly clock: Clock;
  readonly url: URL;
  /** For resolving the name, connecting and the TLS handshake together, ms. */
  readonly connectMs: number;
  readonly allowPrivateAddresses: boolean;
  readonly tls: TlsSettings | undefined;
  readonly resolveName: ResolveName | undefined;
  /** Ends the connecting. */
  readonly signal: AbortSignal | undefined;
}

/** A connection with nothing written to it, or why there is none. */
export type Connected =
  | { readonly kind: "connected"; readonly socket: Socket }
  | { readonly kind: "unsent"; readonly reason: UnsentReason };

/** Why nothing was written. */
export type UnsentReason =
  "dnsFailed" | "connectFailed" | "connectTimedOut" | "privateAddress" | "tlsFailed" | "aborted";

class PrivateAddressError extends Error {
  override readonly name = "PrivateAddressError";
}

/**
 * Connects to where a URL leads. What is connected to is exactly what was checked: the addresses that the
 * name was resolved to once, those left out that mustn't be reached.
 */
export async function connect(options: ConnectOptions): Promise<Connected> {
  const { clock, url, connectMs, signal } = options;
  if (signal?.aborted) return unsent("aborted");
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (!options.allowPrivateAddresses && isIP(host) !== 0 && isPrivateAddress(host)) {
    return unsent("privateAddress");
  }
  const socket = open(options, host);
  // It may fail at any time, also once nobody waits for it any more.
  socket.on("error", () => undefined);
  const ended = new AbortController();
  const isTls = url.protocol === "https:";
  let reached = false;
  socket.once("connect", () => (reached = true));
  try {
    return await new Promise<Connected>((resolve) => {
      socket.once("error", (error) => resolve(unsent(whyFailed(error, reached && isTls))));
      socket.once("close", () => resolve(unsent(reached && isTls ? "tlsFailed" : "connectFailed")));
      socket.once(isTls ? "secureConnect" : "connect", () =>
        resolve({ kind: "connected", socket }),
      );
      const onAbort = (): void => resolve(unsent("aborted"));
      signal?.addEventListener("abort", onAbort, { once: true, signal: ended.signal });
      void clock.sleep(connectMs, ended.signal).then(() => {
        if (!ended.signal.aborted) resolve(unsent("connectTimedOut"));
      });
    }).then((result) => {
      if (result.kind === "unsent") socket.destroy();
      return result.kind === "connected" ? assertReached(result, options) : result;
    });
  } finally {
    ended.abort();
  }
}

function unsent(reason: UnsentReason): Connected {
  return { kind: "unsent", reason };
}

function open(options: ConnectOptions, host: string): Socket {
  const { url, tls, allowPrivateAddresses, resolveName: resolver } = options;
  const isTls = url.protocol === "https:";
  const port = url.port === "" ? (isTls ? 443 : 80) : Number(url.port);
  const lookup = checkedLookup(resolver, allowPrivateAddresses);
  if (!isTls) return connectTcp({ host, port, lookup });
  return connectTls({
    ...{ host, port, lookup, ALPNProtocols: ["http/1.1"] },
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(tls?.ca === undefined ? {} : { ca: [tls.ca].flat() }),
    ...(tls?.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls?.key === undefined ? {} : { key: tls.key }),
  });
}

/** A second look, at what the socket itself says it is connected to. */
function assertReached(
  connected: Extract<Connected, { kind: "connected" }>,
  { allowPrivateAddresses }: ConnectOptions,
): Connected {
  const { remoteAddress } = connected.socket;
  if (allowPrivateAddresses || (remoteAddress && !isPrivateAddress(remoteAddress))) {
    return connected;
  }
  connected.socket.destroy();
  return unsent(remoteAddress === undefined ? "connectFailed" : "privateAddress");
}

type LookupDone = (error: Error | null, found: string | LookupAddress[], family?: number) => void;

/** Node connects to what this answers, and resolves nothing again. */
function checkedLookup(resolver: ResolveName | undefined, allowPrivateAddresses: boolean) {
  const resolve: ResolveName =
    resolver ?? ((host, options, done) => resolveName(host, options, done));
  return (host: string, { all, family }: LookupOptions, done: LookupDone): void => {
    resolve(host, { all: true }, (error, addresses) => {
      if (error) return done(error, []);
      const fitting = addresses.filter(
        (found) => family === undefined || family === 0 || found.family === family,
      );
      const allowed = fitting.filter(
        ({ address }) => allowPrivateAddresses || !isPrivateAddress(address),
      );
      const [first] = allowed;
      if (first === undefined) {
        const why =
          fitting.length === 0
            ? Object.assign(new Error("No address."), { code: "ENOTFOUND" })
            : new PrivateAddressError("It resolves to private addresses only.");
        return done(why, []);
      }
      if (all) return done(null, allowed);
      done(null, first.address, first.family);
    });
  };
}

function whyFailed(error: unknown, inHandshake: boolean): UnsentReason {
  if (error instanceof PrivateAddressError) return "privateAddress";
  const { code, syscall } = Object(error) as { code?: unknown; syscall?: unknown };
  if (syscall === "getaddrinfo" || code === "ENOTFOUND" || code === "EAI_AGAIN") return "dnsFailed";
  return inHandshake ? "tlsFailed" : "connectFailed";
}
