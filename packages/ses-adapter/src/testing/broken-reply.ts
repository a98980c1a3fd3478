import type { ServerResponse } from "node:http";
import type { Fault, StruckKind } from "./faults.js";
import { answer } from "./http-exchange.js";
import type { Protocol } from "./protocol.js";
import {
  dailyQuotaExceeded,
  internalFailure,
  rateExceeded,
  refuse,
  serviceUnavailable,
  type SesRefusal,
} from "./ses-refusal.js";

/** The refusals among the faults: well-formed answers for which nothing was accepted. */
export const refusalOf = (fault: Fault): SesRefusal | undefined => {
  if (typeof fault === "object") {
    return fault.kind === "refusal" ? refuse(fault.code, fault.message, fault.status) : undefined;
  }
  switch (fault) {
    case "500-before-accept":
      return internalFailure;
    case "503":
      return serviceUnavailable;
    case "throttle":
      return rateExceeded;
    case "daily-quota":
      return dailyQuotaExceeded;
    case "reject":
      return refuse("MessageRejected", "Address blacklisted.");
    default:
      return undefined;
  }
};

/** Where a cut hurts most: in the middle of the id, so that a lax parser finds a wrong one. */
const cut = (body: string, messageId: string | undefined): string => {
  const at = messageId === undefined ? -1 : body.indexOf(messageId);
  return body.slice(0, at < 0 ? Math.floor(body.length / 2) : at + 20);
};

const captivePortal =
  "<!doctype html><html><head><title>Welcome</title></head><body>Please sign in.</body></html>";

/** Spoils the answer of a call that was carried out, whose proper answer would be `body`. */
export const breakReply = (
  kind: StruckKind,
  response: ServerResponse,
  { contentType }: Pick<Protocol, "contentType">,
  body: string,
  messageId: string | undefined,
): void => {
  const { socket } = response;
  switch (kind) {
    case "accept-then-drop":
      socket?.destroy();
      return;
    case "reset-before-accept":
      socket?.resetAndDestroy();
      return;
    case "truncated-200":
      response.writeHead(200, {
        "content-type": contentType,
        "content-length": Buffer.byteLength(body),
      });
      response.write(cut(body, messageId), () => socket?.destroySoon());
      return;
    case "cut-body-200":
      answer(response, 200, contentType, cut(body, messageId));
      return;
    case "empty-200":
      answer(response, 200, contentType, "");
      return;
    case "html-200":
      answer(response, 200, "text/html; charset=utf-8", captivePortal);
      return;
    default:
      // "hang" and "accept-then-hang": the socket stays open until one of the two sides closes it.
      return;
  }
};
