import type { ServerResponse } from "node:http";
import type { FaultKind } from "./faults.js";
import { answer } from "./http-exchange.js";
import {
  dailyQuotaExceeded,
  internalFailure,
  rateExceeded,
  refuse,
  serviceUnavailable,
  type SesRefusal,
} from "./ses-refusal.js";

/** The refusals among the faults: well-formed answers for which nothing was accepted. */
export const refusalOf = (kind: FaultKind): SesRefusal | undefined => {
  switch (kind) {
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
const cut = (xml: string): string => {
  const end = xml.indexOf("</MessageId>");
  return xml.slice(0, end < 0 ? Math.floor(xml.length / 2) : end - 20);
};

const captivePortal =
  "<!doctype html><html><head><title>Welcome</title></head><body>Please sign in.</body></html>";

/** Spoils the answer of a call that was carried out, whose proper answer would be `xml`. */
export const breakReply = (kind: FaultKind, response: ServerResponse, xml: string): void => {
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
        "content-type": "text/xml",
        "content-length": Buffer.byteLength(xml),
      });
      response.write(cut(xml), () => socket?.destroySoon());
      return;
    case "cut-xml-200":
      answer(response, 200, "text/xml", cut(xml));
      return;
    case "empty-200":
      answer(response, 200, "text/xml", "");
      return;
    case "html-200":
      answer(response, 200, "text/html; charset=utf-8", captivePortal);
      return;
    default:
      // "hang" and "accept-then-hang": the socket stays open until one of the two sides closes it.
      return;
  }
};
