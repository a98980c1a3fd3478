import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import PostalMime from "postal-mime";
import type { Account } from "./account.js";
import { breakReply, refusalOf } from "./broken-reply.js";
import { newMessageId, type Deliveries } from "./deliveries.js";
import { acceptsFirst, kindOf, type DelayFault, type Fault, type Faults } from "./faults.js";
import { answer, readBody } from "./http-exchange.js";
import type { Mailbox } from "./mailbox.js";
import type { Protocol, ReadCall } from "./protocol.js";
import type { Quota } from "./quota.js";
import type { OpenRequest, RequestLog } from "./request-log.js";
import { internalFailure, refuse, type SesRefusal } from "./ses-refusal.js";
import { judgeSignature, type SignedBy } from "./signature.js";
import { isRefusal, type Submission } from "./submission.js";

export interface EndpointContext {
  readonly account: Account;
  readonly quota: Quota;
  readonly faults: Faults;
  readonly mailbox: Mailbox;
  readonly deliveries: Deliveries;
  readonly log: RequestLog;
  readonly now: () => number;
  /** Waits; rejects or never returns once the server closes. */
  readonly wait: (ms: number) => Promise<void>;
  readonly signatureValidityMs: number;
}

/** One call on its way through the endpoint. */
interface Exchange {
  readonly protocol: Protocol;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly requestId: string;
}

type Endpoint = (
  protocol: Protocol,
  request: IncomingMessage,
  response: ServerResponse,
) => Promise<void>;

/** Reads a call of either protocol, judges it as SES does, and strikes it with faults. */
export function createEndpoint(context: EndpointContext): Endpoint {
  return async (protocol, request, response) => {
    const exchange = { protocol, request, response, requestId: randomUUID() };
    response.setHeader("x-amzn-requestid", exchange.requestId);
    const body = await readBody(request, protocol.maxBodyBytes);
    if (body === undefined) {
      response.setHeader("connection", "close");
      decline(exchange, refuse("RequestEntityTooLarge", "Request entity is too large.", 413));
      return;
    }
    await handle(context, exchange, await protocol.read(request, body));
  };
}

async function handle(context: EndpointContext, exchange: Exchange, call: ReadCall): Promise<void> {
  const logged = openLog(context, exchange.protocol, call);
  const signedBy = judgeSignature(
    exchange.request.headers,
    context.now(),
    context.signatureValidityMs,
  );
  if ("code" in signedBy) return decline(exchange, signedBy, logged);
  logged.signedAt = signedBy.signedAt;
  if (call.unknown) return decline(exchange, call.unknown, logged);

  const fault = context.faults.next(logged);
  if (fault !== undefined) logged.fault = kindOf(fault);
  if (fault !== undefined && !isDelay(fault) && !acceptsFirst(fault)) {
    const refusal = refusalOf(fault);
    if (refusal) return decline(exchange, refusal, logged);
    return breakReply(kindOf(fault), exchange.response, exchange.protocol, "", undefined);
  }
  if (isDelay(fault) && fault.before !== "reply") await context.wait(fault.ms);
  const reply = await carryOut(context, exchange, call, logged, signedBy);
  if (typeof reply !== "string") return decline(exchange, reply, logged);
  logged.carriedOut = true;

  if (isDelay(fault) && fault.before === "reply") await context.wait(fault.ms);
  if (fault === "500-after-accept") return decline(exchange, internalFailure);
  const { response, protocol } = exchange;
  if (fault !== undefined && !isDelay(fault)) {
    return breakReply(kindOf(fault), response, protocol, reply, logged.messageId);
  }
  answer(response, 200, protocol.contentType, reply);
}

function openLog(context: EndpointContext, { api }: Protocol, call: ReadCall): OpenRequest {
  const submission = readable(call);
  return context.log.open(
    {
      api,
      action: call.action,
      source: submission?.source ?? call.source,
      recipients: submission?.destinations ?? [],
      tags: submission?.tags ?? {},
    },
    context.now(),
  );
}

function decline(exchange: Exchange, refusal: SesRefusal, logged?: OpenRequest): void {
  if (logged) logged.refusedWith = refusal.code;
  const { protocol, response, requestId } = exchange;
  const { status, body, headers } = protocol.refused(refusal, requestId);
  answer(response, status, protocol.contentType, body, headers);
}

async function carryOut(
  context: EndpointContext,
  { protocol, request, requestId }: Exchange,
  call: ReadCall,
  logged: OpenRequest,
  signedBy: SignedBy,
): Promise<string | SesRefusal> {
  const { account, quota, deliveries } = context;
  if (call.submission && isRefusal(call.submission)) return call.submission;
  const submission = readable(call);
  if (!submission) {
    return call.carryOut({ account, quota, statistics: deliveries.statistics }, requestId);
  }
  const refusal =
    account.judge(submission, signedBy.region) ?? quota.take(submission.destinations.length);
  if (refusal) return refusal;
  const from = {
    region: signedBy.region,
    sourceIp: request.socket.remoteAddress ?? "127.0.0.1",
  };
  const messageId = await accept(context, submission, logged, from);
  return protocol.sent(call.action, messageId, requestId);
}

function readable({ submission }: ReadCall): Submission | undefined {
  return submission && !isRefusal(submission) ? submission : undefined;
}

/**
 * Takes an email that passed all checks; from here on SES would deliver it, whatever happens.
 * A message that can't be parsed throws before it is counted.
 */
async function accept(
  context: EndpointContext,
  submission: Submission,
  request: OpenRequest,
  from: { readonly region: string; readonly sourceIp: string },
): Promise<string> {
  const mime = await PostalMime.parse(submission.raw);
  const acceptedAt = context.now();
  const messageId = newMessageId(acceptedAt);
  const { source, destinations, tags, configurationSet, headers, raw } = submission;
  request.messageId = messageId;
  const email = {
    sequence: context.mailbox.nextSequence(),
    ...{ messageId, acceptedAt, api: request.api, action: request.action },
    ...{ source, destinations, tags, configurationSet, headers, raw, mime },
    ...from,
  };
  context.mailbox.add(email);
  context.deliveries.deliver(email);
  return messageId;
}

function isDelay(fault: Fault | undefined): fault is DelayFault {
  return typeof fault === "object" && fault.kind === "delay";
}
