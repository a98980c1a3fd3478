import {
  createVirtualClock,
  httpAnswer,
  senderSuite,
  wireSuite,
  type SenderFault,
} from "@exactly-once/core/testing";
import { describe, test } from "vitest";
import { email, local } from "../notify.fixture.js";
import { createLocalNotify, type NotifyFault } from "../testing/index.js";
import { notifyEmailSender, notifySmsSender } from "./notify-sender.js";

const MINUTE_MS = 60_000;
const LAG_MS = 15 * MINUTE_MS;
const RETENTION_MS = 7 * 24 * 60 * MINUTE_MS;

const faultOf: Readonly<Record<Exclude<SenderFault, "unreachable">, NotifyFault>> = {
  acceptedButReplyLost: "accept-then-drop",
  lostBeforeAcceptance: "reset-before-accept",
  serverError: "500-before-accept",
  acceptedWithoutProof: "empty-201",
  refused: "validation",
  throttled: "rate-limit",
};

const { templateId } = email;
const kinds = {
  email: {
    make: notifyEmailSender,
    payload: (variant: number) => ({ ...email, personalisation: { variant } }),
    unsendable: { ...email, to: "nobody" },
  },
  sms: {
    make: notifySmsSender,
    payload: (variant: number) => ({
      ...{ to: "07700 900123", templateId },
      personalisation: { variant },
    }),
    unsendable: { to: "my phone", templateId },
  },
} as const;

describe.each(["email", "sms"] as const)("a Notify sender of %s conforms", (kind) => {
  const { make, payload, unsendable } = kinds[kind];
  senderSuite({
    test,
    certainty: { by: "asked", lagMs: LAG_MS, retentionMs: RETENTION_MS },
    factory: async () => {
      const clock = createVirtualClock();
      const notify = await createLocalNotify({
        now: () => clock.now(),
        listingLagMs: LAG_MS - MINUTE_MS,
      });
      const { apiKey, endpoint } = notify;
      return {
        sender: make({ ...local, clock, apiKey, baseUrl: endpoint }),
        ...{ payload, unsendable },
        strike: async (fault) => {
          if (fault === "unreachable") await notify.close();
          else notify.strike(faultOf[fault]);
        },
        requests: notify.requests,
        accepted: () => notify.sent().length,
        time: { now: () => clock.now(), elapse: (ms) => clock.advance(ms) },
        close: notify.close,
      };
    },
  });
});

const id = "740e5834-3a29-46b4-9a6f-16142fde533a";
const json = { "content-type": "application/json" };
const apiKey = `test-26785a09-ab16-4eb0-8407-a37497a57506-${id}`;
const errors = [{ error: "ValidationError", message: "m" }];

describe("a Notify sender before a server that misbehaves", () => {
  wireSuite({
    test,
    answers: {
      accepted: httpAnswer("201 Created", JSON.stringify({ id, reference: "r" }), json),
      refused: httpAnswer("400 Bad Request", JSON.stringify({ status_code: 400, errors }), json),
    },
    connect: (endpoint, clock) => ({
      sender: notifyEmailSender({ ...local, clock, apiKey, baseUrl: endpoint }),
      payload: email,
    }),
  });
});
