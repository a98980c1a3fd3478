import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import PostalMime from "postal-mime";
import type { Account } from "./account.js";
import { accountActions, type ActionReply } from "./account-actions.js";
import { breakReply, refusalOf } from "./broken-reply.js";
import { newMessageId, type Deliveries } from "./deliveries.js";
import {
  acceptsFirst,
  kindOf,
  sendActions,
  type DelayFault,
  type Fault,
  type Faults,
} from "./faults.js";
import { answer, readBody } from "./http-exchange.js";
import type { Mailbox } from "./mailbox.js";
import { parseQuery, type QueryParameters } from "./query-protocol.js";
import type { Quota } from "./quota.js";
import type { OpenRequest, RequestLog } from "./request-log.js";
import { readSendEmail, readSendRawEmail } from "./send-requests.js";
import { internalFailure, refuse, type SesRefusal } from "./ses-refusal.js";
import { judgeSignature, type SignedBy } from "./signature.js";
import { isRefusal, maxMessageBytes, type Submission } from "./submission.js";
import { refusalXml, successXml } from "./xml-reply.js";

// Base64 grows a message by a third, and form coding its "+", "/" and "=" by a little more; the
// room above that lets SES's own "Message length" refusal speak.
const maxBodyBytes = maxMessageBytes * 2;

export interface QueryEndpointContext {
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

const readSubmission = async (
  parameters: QueryParameters,
): Promise<Submission | SesRefusal | undefined> => {
  if (parameters.action === "SendEmail") return readSendEmail(parameters);
  if (parameters.action === "SendRawEmail") return readSendRawEmail(parameters);
  return undefined;
};

const judgeAction = (action: string | undefined): SesRefusal | undefined => {
  if (action === undefined) {
    return refuse("MissingAction", "The request is missing an action or a required parameter.");
  }
  if (sendActions.includes(action) || Object.hasOwn(accountActions, action)) return undefined;
  return refuse("InvalidAction", `Could not find operation ${action} for version 2010-12-01`);
};

/**
 * Takes an email that passed all checks; from here on SES would deliver it, whatever happens.
 * A message that can't be parsed throws before it is counted.
 */
const accept = async (
  context: QueryEndpointContext,
  submission: Submission,
  request: OpenRequest,
  from: { readonly region: string; readonly sourceIp: string },
): Promise<string> => {
  const mime = await PostalMime.parse(submission.raw);
  const acceptedAt = context.now();
  const messageId = newMessageId(acceptedAt);
  const email = {
    sequence: context.mailbox.nextSequence(),
    messageId,
    acceptedAt,
    action: request.action,
    source: submission.source,
    destinations: submission.destinations,
    tags: submission.tags,
    configurationSet: submission.configurationSet,
    headers: submission.headers,
    raw: submission.raw,
    mime,
    ...from,
  };
  request.messageId = messageId;
  context.mailbox.add(email);
  context.deliveries.deliver(email);
  return messageId;
};

const isDelay = (fault: Fault | undefined): fault is DelayFault => typeof fault === "object";

/** The Query protocol endpoint: reads one call, judges it as SES does, and strikes it with faults. */
export const createQueryEndpoint = (context: QueryEndpointContext) => {
  const carryOut = async (
    parameters: QueryParameters,
    submission: Submission | undefined,
    request: OpenRequest,
    signedBy: SignedBy,
    sourceIp: string,
  ): Promise<ActionReply> => {
    if (submission) {
      const refusal =
        context.account.judge(submission, signedBy.region) ??
        context.quota.take(submission.destinations.length);
      if (refusal) return refusal;
      const from = { region: signedBy.region, sourceIp };
      return { result: { MessageId: await accept(context, submission, request, from) } };
    }
    const { account, quota, deliveries } = context;
    const action = accountActions[request.action];
    return action
      ? action(parameters, { account, quota, statistics: deliveries.statistics })
      : internalFailure;
  };

  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const requestId = randomUUID();
    response.setHeader("x-amzn-requestid", requestId);
    const body = await readBody(request, maxBodyBytes);
    if (body === undefined) {
      const refusal = refuse("RequestEntityTooLarge", "Request entity is too large.", 413);
      answer(response, 413, "text/xml", refusalXml(refusal, requestId), { connection: "close" });
      return;
    }
    const parameters = parseQuery(body);
    const read = await readSubmission(parameters);
    const submission = read && !isRefusal(read) ? read : undefined;
    const logged = context.log.open(
      {
        action: parameters.action ?? "",
        source: submission?.source ?? parameters.text("Source"),
        recipients: submission?.destinations ?? [],
        tags: submission?.tags ?? {},
      },
      context.now(),
    );
    const decline = (refusal: SesRefusal): void => {
      logged.refusedWith = refusal.code;
      answer(response, refusal.status, "text/xml", refusalXml(refusal, requestId));
    };

    const signedBy = judgeSignature(request.headers, context.now(), context.signatureValidityMs);
    if ("code" in signedBy) return decline(signedBy);
    logged.signedAt = signedBy.signedAt;
    const unknownAction = judgeAction(parameters.action);
    if (unknownAction) return decline(unknownAction);

    const fault = context.faults.next(logged);
    if (fault !== undefined) logged.fault = kindOf(fault);
    if (typeof fault === "string" && !acceptsFirst(fault)) {
      const refusal = refusalOf(fault);
      return refusal ? decline(refusal) : breakReply(fault, response, "");
    }
    if (isDelay(fault) && fault.before !== "reply") await context.wait(fault.ms);
    if (read && isRefusal(read)) return decline(read);

    const sourceIp = request.socket.remoteAddress ?? "127.0.0.1";
    const reply = await carryOut(parameters, submission, logged, signedBy, sourceIp);
    if ("code" in reply) return decline(reply);
    logged.carriedOut = true;

    if (isDelay(fault) && fault.before === "reply") await context.wait(fault.ms);
    if (fault === "500-after-accept") {
      return answer(response, 500, "text/xml", refusalXml(internalFailure, requestId));
    }
    const xml = successXml(logged.action, reply.result, requestId);
    if (typeof fault === "string") return breakReply(fault, response, xml);
    answer(response, 200, "text/xml", xml);
  };
};
