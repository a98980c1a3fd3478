import type { Protocol, ReadCall } from "./protocol.js";
import { findAction } from "./rest-actions.js";
import { maxRestMessageBytes } from "./rest-email.js";
import { refuse, type SesRefusal } from "./ses-refusal.js";

/** The paths of SES's second API. */
export const restPrefix = "/v2/email/";

/**
 * SES's second API: JSON in, JSON out, written to the "Amazon SES API v2 Reference". A refusal's code
 * stands in a header, its text in the body.
 */
export const restApi: Protocol = {
  api: "v2",
  contentType: "application/json",
  maxBodyBytes: maxRestMessageBytes * 1.5,
  read: async (request, body): Promise<ReadCall> => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const json = parse(body);
    const found = findAction(request.method ?? "", pathname.slice(restPrefix.length - 1));
    if (!found || json === undefined) {
      const unknown = found
        ? refuse("SerializationException", "The body of the request isn't JSON.")
        : refuse("UnknownOperationException", "There is no such operation.", 404);
      return {
        ...{ action: "", source: undefined, submission: undefined, unknown },
        carryOut: () => unknown,
      };
    }
    const { name, action, path } = found;
    return {
      action: name,
      source: undefined,
      submission: await action.read?.(json),
      unknown: undefined,
      carryOut: (context) => {
        const reply = action.carryOut?.({ json, path }, context) ?? {};
        return "code" in reply ? (reply as SesRefusal) : JSON.stringify(reply);
      },
    };
  },
  sent: (_, messageId) => JSON.stringify({ MessageId: messageId }),
  refused: (refusal) => {
    const { code, status } = inRest(refusal);
    return {
      status,
      body: JSON.stringify({ message: refusal.message }),
      headers: { "x-amzn-errortype": code },
    };
  },
};

function parse(body: string): object | undefined {
  if (body === "") return {};
  try {
    const json = JSON.parse(body) as unknown;
    return typeof json === "object" && json !== null ? json : undefined;
  } catch {
    return undefined;
  }
}

/** What v2 calls what v1 refuses by these codes. */
const names: Readonly<Record<string, { readonly code: string; readonly status?: number }>> = {
  InvalidParameterValue: { code: "BadRequestException" },
  MissingParameter: { code: "BadRequestException" },
  ValidationError: { code: "BadRequestException" },
  ConfigurationSetDoesNotExist: { code: "NotFoundException", status: 404 },
  Throttling: { code: "TooManyRequestsException", status: 429 },
  InternalFailure: { code: "InternalServiceErrorException" },
  ServiceUnavailable: { code: "ServiceUnavailableException" },
  MissingAuthenticationToken: { code: "MissingAuthenticationTokenException" },
  InvalidClientTokenId: { code: "UnrecognizedClientException" },
  IncompleteSignature: { code: "IncompleteSignatureException" },
  SignatureDoesNotMatch: { code: "InvalidSignatureException" },
  AccessDenied: { code: "AccessDeniedException", status: 403 },
  AccountSendingPaused: { code: "SendingPausedException" },
};

function inRest({ code, status }: SesRefusal): { readonly code: string; readonly status: number } {
  return { code, status, ...names[code] };
}
