import { SecondRequestError } from "../errors/second-request-error.js";
import type { Shot } from "./one-shot.js";
import { judgeRefusal, type Judgement, type RefusalContext } from "./refusal.js";
import type { SesError } from "./ses-api.js";

/** What a failed call says about the email, before anything is made of it. */
export type Failure =
  /** Nobody knows whether SES took it. */
  | { readonly kind: "unknown"; readonly reason: string }
  /** It never went out. */
  | { readonly kind: "unsent"; readonly reason: string }
  /** SES declined it. */
  | ({ readonly kind: "refused" } & Judgement);

/**
 * @param shot what the one-shot saw of the request
 * @param sesError what SES itself said, where the reply was SES's
 */
export function classifyFailure(
  error: unknown,
  shot: Shot,
  sesError: SesError | undefined,
  context: RefusalContext,
): Failure {
  switch (shot.phase) {
    case "refused":
      return { kind: "unsent", reason: shot.because };
    case "armed":
      // Credentials, endpoint, serialisation: the handler was never asked.
      return { kind: "unsent", reason: `beforeRequest:${wordFor(error)}` };
    case "written":
      return classifySilence(error);
    case "answered":
      return classifyAnswer(error, shot.status, sesError, context);
  }
}

function classifySilence(error: unknown): Failure {
  if (error instanceof SecondRequestError) return { kind: "unknown", reason: "clientResent" };
  const facts = factsOf(error);
  const neverConnected = connectFailure(facts);
  return neverConnected === undefined
    ? { kind: "unknown", reason: silenceReason(facts) }
    : { kind: "unsent", reason: neverConnected };
}

function classifyAnswer(
  error: unknown,
  status: number | undefined,
  sesError: SesError | undefined,
  context: RefusalContext,
): Failure {
  // The first try may have been answered or not; the client keeps that to itself.
  if (error instanceof SecondRequestError) return { kind: "unknown", reason: "clientResent" };
  if (status !== undefined && status >= 400 && status < 500 && sesError !== undefined) {
    const judgement = judgeRefusal(sesError, context);
    return judgement.verdict.kind === "inconclusive"
      ? { kind: "unknown", reason: judgement.reason }
      : { kind: "refused", ...judgement };
  }
  return { kind: "unknown", reason: status === 200 ? "unreadableReply" : `status${status}` };
}

interface ErrorFacts {
  readonly name: string;
  readonly message: string;
  readonly code: string | undefined;
  readonly syscall: string | undefined;
  /** Of each address that was tried, where several were. */
  readonly parts: readonly ErrorFacts[];
}

function factsOf(error: unknown): ErrorFacts {
  const { name, message, code, syscall, errors } = Object(error) as Record<string, unknown>;
  return {
    name: text(name) ?? "",
    message: text(message) ?? "",
    code: text(code),
    syscall: text(syscall),
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
export function wordFor(error: unknown): string {
  const { name } = Object(error) as { readonly name?: unknown };
  return typeof name === "string" && /^[A-Za-z]{1,60}$/.test(name) ? name : "unknown";
}
