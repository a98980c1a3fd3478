import { sendActions } from "./faults.js";
import type { Protocol, ReadCall } from "./protocol.js";
import { accountActions } from "./query-actions.js";
import { parseQuery, type QueryParameters } from "./query-protocol.js";
import { maxQueryMessageBytes, readSendEmail, readSendRawEmail } from "./send-requests.js";
import { internalFailure, refuse, type SesRefusal } from "./ses-refusal.js";
import type { Submission } from "./submission.js";
import { refusalXml, successXml } from "./xml-reply.js";

/** SES's first API: forms in, XML out. */
export const queryApi: Protocol = {
  api: "v1",
  contentType: "text/xml",
  // Base64 grows a message by a third, and form coding its "+", "/" and "=" by a little more; the
  // room above that lets SES's own "Message length" refusal speak.
  maxBodyBytes: maxQueryMessageBytes * 2,
  read: async (_, body): Promise<ReadCall> => {
    const parameters = parseQuery(body);
    const { action } = parameters;
    return {
      action: action ?? "",
      source: parameters.text("Source"),
      submission: await readSubmission(parameters),
      unknown: judgeAction(action),
      carryOut: (context, requestId) => {
        const reply = accountActions[action ?? ""]?.(parameters, context) ?? internalFailure;
        return "code" in reply ? reply : successXml(action ?? "", reply.result, requestId);
      },
    };
  },
  sent: (action, messageId, requestId) => successXml(action, { MessageId: messageId }, requestId),
  refused: (refusal, requestId) => ({
    status: refusal.status,
    body: refusalXml(refusal, requestId),
    headers: {},
  }),
};

async function readSubmission(
  parameters: QueryParameters,
): Promise<Submission | SesRefusal | undefined> {
  if (parameters.action === "SendEmail") return readSendEmail(parameters);
  if (parameters.action === "SendRawEmail") return readSendRawEmail(parameters);
  return undefined;
}

function judgeAction(action: string | undefined): SesRefusal | undefined {
  if (action === undefined) {
    return refuse("MissingAction", "The request is missing an action or a required parameter.");
  }
  if (sendActions.includes(action) || Object.hasOwn(accountActions, action)) return undefined;
  return refuse("InvalidAction", `Could not find operation ${action} for version 2010-12-01`);
}
