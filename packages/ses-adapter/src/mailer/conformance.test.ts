import { senderSuite, type SenderFault } from "@exactly-once/core/testing";
import { describe, onTestFinished, test } from "vitest";
import { parseSesMessage } from "../events/ses-event.js";
import type { Email } from "./email.js";
import { actionsOf, bothApis, email, mailerFixture } from "./mailer.fixture.js";
import { createLocalSes, type FaultKind } from "../testing/index.js";

const { bring } = mailerFixture(onTestFinished);

const faultOf: Readonly<Record<Exclude<SenderFault, "unreachable">, FaultKind>> = {
  acceptedButReplyLost: "accept-then-drop",
  lostBeforeAcceptance: "reset-before-accept",
  serverError: "500-before-accept",
  acceptedWithoutProof: "empty-200",
  refused: "reject",
  throttled: "throttle",
};

describe.each(bothApis)("an SES mailer on %s conforms", (api) => {
  senderSuite<Email>({
    test,
    certainty: { by: "events" },
    factory: async () => {
      const published: string[] = [];
      const ses = await createLocalSes({
        configurationSets: { letters: { topicArn: "arn:aws:sns:eu-west-2:123456789012:events" } },
        publish: async (_topic, message) => void published.push(message),
      });
      let closed = false;
      const sends = () => ses.requests().filter(({ action }) => action === actionsOf[api].send);
      return {
        sender: bring(api, ses.endpoint, {}, { configurationSetName: "letters" }).mailer,
        payload: (variant) => ({ ...email, text: `Dear doctor, ${variant}` }),
        unsendable: { ...email, to: "nobody" },
        strike: async (fault) => {
          if (fault === "unreachable") {
            closed = true;
            await ses.close();
          } else {
            ses.faults.set([{ fault: faultOf[fault], when: { on: "nth", calls: [1] } }]);
          }
        },
        requests: () => sends().length,
        accepted: () => ses.accepted(),
        told: async () => {
          await ses.events.flush();
          return published.flatMap((message) => {
            const parsed = parseSesMessage(message);
            if (parsed.kind !== "event" || parsed.event.attemptId === undefined) return [];
            const { attemptId, messageId } = parsed.event;
            return [{ attemptId, receiptId: messageId }];
          });
        },
        close: () => (closed ? undefined : ses.close()),
      };
    },
  });
});
