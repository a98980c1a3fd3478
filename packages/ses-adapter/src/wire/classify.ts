import type { Outcome } from "@exactly-once/core/ports";
import { SecondRequestError } from "../errors/second-request-error.js";
import type { OneShot } from "./one-shot.js";
import { classifyRefusal } from "./refusal.js";

/** What a failed `client.send` says about the email, given what the one-shot saw. */
export function classifyFailure(error: unknown, shot: OneShot): Outcome {
  if (shot.refusedBecause !== undefined && !shot.written) {
    return { status: "rejected", reason: shot.refusedBecause };
  }
  // Credentials, endpoint, serialisation, an early abort: the handler was never asked.
  if (!shot.written) return { status: "rejected", reason: `beforeRequest:${wordFor(error)}` };
  // The first try may have been answered or not; the client keeps that to itself.
  if (error instanceof SecondRequestError) return { status: "unknown", reason: "clientResent" };
  const facts = factsOf(error);
  const neverConnected = connectFailure(facts);
  if (neverConnected !== undefined) return { status: "rejected", reason: neverConnected };
  const { status } = shot;
  if (status === undefined) return { status: "unknown", reason: silenceReason(facts) };
  if (status >= 400 && status < 500 && facts.sesCode !== undefined) {
    return classifyRefusal(facts.sesCode, facts.message);
  }
  return { status: "unknown", reason: status === 200 ? "unreadableReply" : `status${status}` };
}

/** A reply that could be parsed is a proof only with an id in it. */
export function classifyReply(messageId: string | undefined, at: number): Outcome {
  return messageId === undefined || messageId === ""
    ? { status: "unknown", reason: "noMessageId" }
    : { status: "accepted", receipt: { id: messageId, at, via: "provider" } };
}

interface ErrorFacts {
  readonly name: string;
  readonly message: string;
  readonly code: string | undefined;
  readonly syscall: string | undefined;
  /** The error code in SES's own XML. An HTML page of a proxy has none, whatever the SDK names it. */
  readonly sesCode: string | undefined;
  /** Of each address that was tried, where several were. */
  readonly parts: readonly ErrorFacts[];
}

function factsOf(error: unknown): ErrorFacts {
  const { name, message, code, syscall, Code, Error, errors } = Object(error) as Record<
    string,
    unknown
  >;
  const inner = Object(Error) as Record<string, unknown>;
  return {
    name: text(name) ?? "",
    message: text(message) ?? "",
    code: text(code),
    syscall: text(syscall),
    sesCode: text(Code) ?? text(inner["Code"]),
    parts: Array.isArray(errors) ? errors.map(factsOf) : [],
  };
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/**
 * The handler's connect timeout is a `TimeoutError` like all its others, without a code: only its
 * text tells it from an idle socket. A test holds the installed handler to it. Until "connect",
 * Node keeps the request to itself, so nothing was sent.
 */
const connectTimeoutText = /the request socket did not establish a connection with the server/;

/** Why the provider was never reached, or undefined where it may have been. */
function connectFailure(facts: ErrorFacts): string | undefined {
  if (facts.parts.length > 0) {
    const reasons = facts.parts.map(connectFailure);
    return reasons.every((reason) => reason !== undefined) ? reasons[0] : undefined;
  }
  if (facts.syscall === "getaddrinfo" || /^query[A-Z]/.test(facts.syscall ?? "")) {
    return "dnsFailed";
  }
  if (facts.syscall === "connect") return "connectFailed";
  if (facts.name === "TimeoutError" && connectTimeoutText.test(facts.message)) {
    return "connectTimedOut";
  }
  return undefined;
}

/** A word for what ended the wait for a reply. Any of these may come after an accepted request. */
function silenceReason(facts: ErrorFacts): string {
  if (facts.name === "AbortError") return "aborted";
  if (facts.code === "ECONNRESET" || facts.code === "EPIPE") return "connectionLost";
  if (facts.name === "TimeoutError") return "timedOut";
  return `fault:${facts.code ?? wordFor(facts)}`;
}

/** An error's name as a word for logs; a name of unusual shape could bear personal data. */
function wordFor(error: unknown): string {
  const { name } = Object(error) as { readonly name?: unknown };
  return typeof name === "string" && /^[A-Za-z]{1,60}$/.test(name) ? name : "unknown";
}
