import { type Decoder, eventBridge, json, sns } from "@exactly-once/core";
import type { Life } from "../kernel/host.js";
import type { Wire } from "../kernel/network.js";

/** What an event comes in. A claim check is a note of where it lies, to be fetched. */
export type Envelope = "none" | "sns" | "eventBridge" | "claimCheck";

/** @param index of the message: a copy that is published again has another id */
export function wrapped(envelope: Envelope, body: string, index: number): string {
  switch (envelope) {
    case "none":
      return body;
    case "sns":
      return JSON.stringify({ Type: "Notification", MessageId: `sns-${index}`, Message: body });
    case "eventBridge":
      // A body that is no JSON can't be part of one.
      return isJson(body)
        ? `{"id":"bus-${index}","detail-type":"form","detail":${body}}`
        : `{"id":"bus-${index}"}`;
    case "claimCheck":
      return JSON.stringify({ stored: body });
  }
}

export function decoderOf(envelope: Envelope, life: Life, storage: Wire): Decoder {
  switch (envelope) {
    case "none":
      return json();
    case "sns":
      return sns(json());
    case "eventBridge":
      return eventBridge();
    case "claimCheck":
      return async (body, message) => {
        const { stored } = JSON.parse(body) as { readonly stored: string };
        const fetched = await storage.call(
          life,
          () => stored,
          () => "fetched",
        );
        return json()(fetched, message);
      };
  }
}

function isJson(body: string): boolean {
  try {
    JSON.parse(body);
    return true;
  } catch {
    return false;
  }
}
