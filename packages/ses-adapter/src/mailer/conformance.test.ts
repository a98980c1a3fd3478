import { senderSuite, type SenderFault } from "@exactly-once/core/testing";
import { describe, onTestFinished, test } from "vitest";
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
    factory: async () => {
      const ses = await createLocalSes();
      let closed = false;
      const sends = () => ses.requests().filter(({ action }) => action === actionsOf[api].send);
      return {
        sender: bring(api, ses.endpoint).mailer,
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
        close: () => (closed ? undefined : ses.close()),
      };
    },
  });
});
