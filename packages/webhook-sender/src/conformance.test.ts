import { httpAnswer, senderSuite, wireSuite } from "@exactly-once/core/testing";
import { describe, test } from "vitest";
import type { WebhookReply, WebhookSenderOptions } from "./options.js";
import { startReceiver } from "./receiver.fixture.js";
import { secret } from "./webhook.fixture.js";
import { webhookSender } from "./webhook-sender.js";

const local = { secrets: [secret], allowHttp: true, allowPrivateAddresses: true };

const receiptOf = ({ body }: WebhookReply): string | undefined => {
  try {
    return (JSON.parse(body ?? "") as { readonly id?: string }).id;
  } catch {
    return undefined;
  }
};

const fixtureOf = async (options: WebhookSenderOptions, dedupes: boolean) => {
  const receiver = await startReceiver({ dedupes });
  return {
    sender: webhookSender({ ...local, url: receiver.url, ...options }),
    payload: (variant: number) => ({ body: { variant } }),
    unsendable: { body: undefined },
    strike: receiver.strike,
    requests: receiver.requests,
    accepted: receiver.accepted,
    close: receiver.close,
  };
};

describe("a webhook sender to a receiver that promises nothing conforms", () => {
  senderSuite({
    ...{ test, certainty: { by: "none" } },
    factory: () => fixtureOf({ receiptOf }, false),
  });
});

describe("a webhook sender to a receiver that dedupes conforms", () => {
  senderSuite({
    ...{ test, certainty: { by: "window" } },
    // Its 2xx is the proof, whatever stands in it.
    faults: [
      ...(["acceptedButReplyLost", "lostBeforeAcceptance", "serverError"] as const),
      ...(["refused", "throttled", "unreachable"] as const),
    ],
    factory: () => fixtureOf({ idempotent: { windowMs: 24 * 3_600_000 } }, true),
  });
});

const answers = {
  accepted: httpAnswer("200 OK", JSON.stringify({ id: "receipt-of-the-receiver" })),
  refused: httpAnswer("422 Unprocessable Content", JSON.stringify({ error: "no such form" })),
};

/** A receiver refuses by its status alone: a 4xx that says "not processed" is believed from anybody. */
const refusedByStatus = { pageAsRefusal: "rejected", emptyNotFound: "rejected" } as const;

describe("a webhook sender that asks for the receiver's proof", () => {
  wireSuite({
    ...{ test, answers, told: refusedByStatus },
    connect: (endpoint, clock) => ({
      sender: webhookSender({ ...local, clock, url: endpoint, receiptOf }),
      payload: { body: "text" },
    }),
  });
});

describe("a webhook sender to whom any 2xx is proof", () => {
  wireSuite({
    ...{ test, answers },
    told: {
      ...refusedByStatus,
      ...{ truncatedReply: "accepted", resetWithinReply: "accepted", emptyAcceptance: "accepted" },
      ...{ pageAsAcceptance: "accepted", stalledReply: "accepted", endlessReply: "accepted" },
    },
    connect: (endpoint, clock) => ({
      sender: webhookSender({ ...local, clock, url: endpoint }),
      payload: { body: "text" },
    }),
  });
});
